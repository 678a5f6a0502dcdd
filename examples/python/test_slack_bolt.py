"""A Bolt app against the fake: install in a browser, events that Slack signs, rotation."""

import html
import pathlib
import re
import socket
import tempfile
import threading
import time
import unittest
import urllib.request

from slack_bolt import App, BoltContext
from slack_bolt.oauth.oauth_settings import OAuthSettings
from slack_sdk import WebClient
from slack_sdk.oauth.installation_store import FileInstallationStore
from slack_sdk.oauth.state_store import FileOAuthStateStore

from fake_slack import FakeSlack

SEED = str(pathlib.Path(__file__).with_name("seed.toml"))


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


class Bolt(unittest.TestCase):
    def setUp(self):
        self.slack = FakeSlack("--seed", SEED)
        self.addCleanup(self.slack.close)
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.port = free_port()
        secrets = self.slack.apps["111.1"]
        self.store = FileInstallationStore(base_dir=folder.name + "/installations", client_id="111.1")
        self.app = App(
            client=WebClient(base_url=self.slack.base_url),
            signing_secret=secrets["signing_secret"],
            process_before_response=True,
            oauth_settings=OAuthSettings(
                client_id="111.1",
                client_secret=secrets["client_secret"],
                scopes=["chat:write"],
                redirect_uri=f"http://127.0.0.1:{self.port}/slack/oauth_redirect",
                authorization_url=self.slack.origin + "/oauth/v2/authorize",
                installation_store=self.store,
                state_store=FileOAuthStateStore(expiration_seconds=60, base_dir=folder.name + "/states"),
            ),
        )
        # Bolt makes the rotator's client by itself, with Slack's own address.
        self.app.oauth_flow.settings.authorize.token_rotator.client = self.app.client
        self.seen = []
        self.app.event("app_uninstalled")(lambda event, body: self.seen.append(body["event_id"]))
        self.app.event("tokens_revoked")(lambda event, body: self.seen.append(event["tokens"]))
        serve = {"port": self.port, "path": "/slack/events", "http_server_logger_enabled": False}
        threading.Thread(target=self.app.start, kwargs=serve, daemon=True).start()

    def open(self, url, cookie=None):
        request = urllib.request.Request(url, headers={"cookie": cookie} if cookie else {})
        return urllib.request.urlopen(request, timeout=10)

    def install(self):
        for _ in range(200):
            try:
                page = self.open(f"http://127.0.0.1:{self.port}/slack/install")
                break
            except OSError:
                threading.Event().wait(0.01)
        cookie = page.headers["set-cookie"].split(";")[0]
        link = html.unescape(re.search('href="(http[^"]*)"', page.read().decode())[1])
        return self.open(self.slack.browse(link), cookie)

    def deliver(self, event, retry=0):
        wish = {"url": f"http://127.0.0.1:{self.port}/slack/events", "deliver": event, "retry": retry}
        return self.slack.control("POST", "/deliveries", wish)

    def test_install_events_and_uninstall(self):
        self.assertEqual(self.install().status, 200)
        verification = {"client_id": "111.1", "challenge": "ch4llenge"}
        answer = self.deliver({"url_verification": verification})
        self.assertIn("ch4llenge", answer["body"])

        uninstall = {"client_id": "111.1", "place_id": "T0FAKE00001"}
        self.assertEqual(self.slack.control("POST", "/apps/uninstall", uninstall), {"ended": 1})
        events = self.slack.control("GET", "/events")["events"]
        self.slack.pass_time(3600)
        # Bolt compares the time of a delivery with the machine's clock: an hour off is a forgery to it.
        self.assertEqual(self.deliver({"event_id": events[1]["id"]})["status"], 401)
        self.slack.control("POST", "/clock", {"set": int(time.time())})
        for event in events:
            for retry in range(2):
                self.assertEqual(self.deliver({"event_id": event["id"]}, retry)["status"], 200)
        tokens, uninstalled = events[0]["kind"]["tokens_revoked"], events[1]["id"]
        self.assertEqual(self.seen, [tokens, tokens, uninstalled, uninstalled])

    def test_rotation_in_authorize(self):
        self.install()
        installation = self.store.find_installation(enterprise_id=None, team_id="T0FAKE00001")
        before = installation.bot_token
        # Bolt's clock is the machine's own: the end of the token is moved instead.
        installation.bot_token_expires_at = 1
        self.store.save(installation)
        authorized = self.app.oauth_flow.settings.authorize
        context = BoltContext(client=self.app.client, logger=self.app.logger)
        renewed = authorized(context=context, enterprise_id=None, team_id="T0FAKE00001", user_id="U0FAKE00001")
        after = renewed.bot_token
        self.assertNotEqual(before, after)
        self.assertEqual(self.slack.control("POST", "/tokens/inspect", {"token": after})["live"], True)


if __name__ == "__main__":
    unittest.main()
