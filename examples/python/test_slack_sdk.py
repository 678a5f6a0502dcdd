"""slack_sdk against the fake: install, rotation over twelve hours, exchange, sign-in, faults."""

import asyncio
import pathlib
import tempfile
import unittest

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_handlers import RateLimitErrorRetryHandler
from slack_sdk.oauth import AuthorizeUrlGenerator
from slack_sdk.oauth.installation_store import FileInstallationStore, Installation
from slack_sdk.oauth.token_rotation import TokenRotator
from slack_sdk.web.async_client import AsyncWebClient

from fake_slack import FakeSlack

CALLBACK = "https://app.example.com/slack/callback"
SEED = str(pathlib.Path(__file__).with_name("seed.toml"))


class SlackSdk(unittest.TestCase):
    def setUp(self):
        self.slack = FakeSlack("--seed", SEED)
        self.addCleanup(self.slack.close)
        self.client = WebClient(base_url=self.slack.base_url)

    def app(self, client_id):
        return {"client_id": client_id, "client_secret": self.slack.apps[client_id]["client_secret"]}

    def install(self, client_id="111.1", **parameters):
        code = self.slack.code(client_id, redirect_uri=CALLBACK, **{"scope": "chat:write", **parameters})
        return self.client.oauth_v2_access(code=code, redirect_uri=CALLBACK, **self.app(client_id))

    def refused(self, error, call, *arguments, **more):
        with self.assertRaises(SlackApiError) as caught:
            call(*arguments, **more)
        self.assertEqual(caught.exception.response["error"], error)

    def test_install_and_call(self):
        url = AuthorizeUrlGenerator(
            client_id="111.1", scopes=["chat:write"], user_scopes=["users:read"], redirect_uri=CALLBACK,
            authorization_url=self.slack.origin + "/oauth/v2/authorize",
        ).generate("st-1")
        callback = self.slack.browse(url)
        self.assertTrue(callback.endswith("&state=st-1"))
        code = callback.split("code=")[1].split("&")[0]
        installed = self.client.oauth_v2_access(code=code, redirect_uri=CALLBACK, **self.app("111.1"))
        self.assertEqual(installed["token_type"], "bot")
        bot = WebClient(base_url=self.slack.base_url, token=installed["access_token"])
        self.assertEqual(bot.auth_test()["team_id"], "T0FAKE00001")
        self.assertEqual(bot.chat_postMessage(channel="C0FAKE00001", text="hello")["ts"], "1795219200.000100")
        self.refused("invalid_code", self.client.oauth_v2_access, code=code, redirect_uri=CALLBACK, **self.app("111.1"))
        person = WebClient(base_url=self.slack.base_url, token=installed["authed_user"]["access_token"])
        self.refused("missing_scope", person.chat_postMessage, channel="C0FAKE00001", text="hello")

    def test_twelve_hours_pass(self):
        pair = self.install()
        bot = WebClient(base_url=self.slack.base_url, token=pair["access_token"])
        self.slack.pass_time(43_200)
        self.refused("token_expired", bot.auth_test)
        grant = {"grant_type": "refresh_token", "refresh_token": pair["refresh_token"], **self.app("111.1")}
        renewed = self.client.oauth_v2_access(**grant)
        bot.token = renewed["access_token"]
        self.assertTrue(bot.auth_test()["ok"])
        self.slack.pass_time(61)
        self.refused("invalid_refresh_token", self.client.oauth_v2_access, **grant)

    def test_the_rotator_refreshes_what_its_own_clock_calls_due(self):
        now = self.slack.control("GET", "/clock")["now"]
        pair = self.install()
        installation = Installation(
            app_id=pair["app_id"], team_id=pair["team"]["id"], user_id=pair["authed_user"]["id"],
            bot_token=pair["access_token"], bot_refresh_token=pair["refresh_token"],
            bot_token_expires_at=now + pair["expires_in"],
        )
        rotator = TokenRotator(client=self.client, **self.app("111.1"))
        self.assertIsNone(rotator.perform_token_rotation(installation=installation))
        installation.bot_token_expires_at = now + 600
        renewed = rotator.perform_token_rotation(installation=installation)
        self.assertNotEqual(renewed.bot_token, pair["access_token"])
        with tempfile.TemporaryDirectory() as folder:
            store = FileInstallationStore(base_dir=folder, client_id="111.1")
            store.save(renewed)
            found = store.find_installation(enterprise_id=None, team_id="T0FAKE00001")
            self.assertEqual(found.bot_refresh_token, renewed.bot_refresh_token)

    def test_long_lived_tokens_are_exchanged(self):
        async def exchange(token):
            client = AsyncWebClient(base_url=self.slack.base_url)
            return await client.oauth_v2_exchange(token=token, **self.app("222.2"))

        installed = self.install("222.2", user_scope="users:read")
        self.assertNotIn("expires_in", installed.data)
        token = installed["access_token"]
        grant = {"token": token, **self.app("222.2")}
        self.refused("token_rotation_not_enabled", self.client.oauth_v2_exchange, **grant)
        self.slack.control("POST", "/apps/turn-rotation-on", {"client_id": "222.2"})
        pair = self.client.oauth_v2_exchange(**grant)
        self.assertEqual((pair["token_type"], pair["is_enterprise_install"]), ("bot", False))
        self.refused("token_already_exchanged", self.client.oauth_v2_exchange, **grant)
        person = asyncio.run(exchange(installed["authed_user"]["access_token"]))
        self.assertEqual(person["token_type"], "user")

    def test_arguments_of_the_asynchronous_client(self):
        async def rotate(refresh_token):
            client = AsyncWebClient(base_url=self.slack.base_url)
            return await client.tooling_tokens_rotate(refresh_token=refresh_token)

        owner = {"team_id": "T0FAKE00001", "user_id": "U0FAKE00001"}
        pair = self.slack.control("POST", "/configuration-tokens", owner)
        renewed = asyncio.run(rotate(pair["refresh_token"]))
        self.assertEqual(renewed["exp"] - renewed["iat"], 43_200)

    def test_a_client_with_a_token_may_redeem_a_code(self):
        bot = WebClient(base_url=self.slack.base_url, token=self.install()["access_token"])
        grant = dict(redirect_uri=CALLBACK, **self.app("111.1"))
        code = self.slack.code("111.1", scope="chat:write", redirect_uri=CALLBACK)
        self.assertTrue(bot.api_call("oauth.v2.access", data={"code": code, **grant})["ok"])
        stale = WebClient(base_url=self.slack.base_url, token="xoxb-stale")
        code = self.slack.code("111.1", scope="chat:write", redirect_uri=CALLBACK)
        self.refused("invalid_auth", stale.api_call, "oauth.v2.access", data={"code": code, **grant})

    def test_sign_in(self):
        page = dict(page="openid/connect/authorize", response_type="code", scope="openid email", redirect_uri=CALLBACK)
        code = self.slack.code("111.1", nonce="n-1", **page)
        tokens = self.client.openid_connect_token(code=code, redirect_uri=CALLBACK, **self.app("111.1"))
        self.assertEqual(len(tokens["id_token"].split(".")), 3)
        person = WebClient(base_url=self.slack.base_url, token=tokens["access_token"]).openid_connect_userInfo()
        self.assertEqual((person["sub"], person["email"]), ("U0FAKE00001", "fake.person@example.com"))

    def test_an_organization(self):
        installed = self.install("555.5", team="E0FAKE00001")
        self.assertIs(installed["is_enterprise_install"], True)
        client = WebClient(base_url=self.slack.base_url, token=installed["access_token"])
        teams = [team["id"] for page in client.auth_teams_list(limit=1) for team in page["teams"]]
        self.assertEqual(teams, ["T0FAKE00002", "T0FAKE00003"])

    def test_faults_and_uninstall(self):
        token = self.install()["access_token"]
        self.slack.fault("auth.test", "rate_limited", retry_after=0)
        patient = WebClient(
            base_url=self.slack.base_url, token=token, retry_handlers=[RateLimitErrorRetryHandler(max_retry_count=1)]
        )
        self.assertTrue(patient.auth_test()["ok"])
        self.assertEqual(self.slack.calls("auth.test"), 2)
        self.slack.fault("auth.test", "refused", code="fatal_error")
        self.refused("fatal_error", patient.auth_test)
        self.assertIs(patient.auth_revoke(test=True)["revoked"], False)
        self.assertTrue(patient.apps_uninstall(**self.app("111.1"))["ok"])
        self.refused("account_inactive", patient.auth_test)


if __name__ == "__main__":
    unittest.main()
