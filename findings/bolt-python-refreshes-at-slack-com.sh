#!/usr/bin/env bash
# slack_bolt 1.30.0 with slack_sdk 3.48.0 (PyPI): an app whose client has another base URL still refreshes at slack.com.
#
# The client given to `App(client=..)` decides where calls, authorization and code exchanges go, for instance to
# slack-gov.com or to a test server. The token rotator that authorization uses is made by `InstallationStoreAuthorize`
# with a client of its own, whose base URL is the default. So refresh tokens and the client secret of such an app are
# sent to slack.com, and a test server never sees a refresh. Setting `token_rotator.client.base_url` by hand helps.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check slack_sdk==3.48.0 slack_bolt==1.30.0 || exit 75

cd "$work"
"$work/venv/bin/python" - <<'PY'
import logging, sys
from slack_bolt import App
from slack_bolt.oauth.oauth_settings import OAuthSettings
from slack_sdk import WebClient
from slack_sdk.oauth.installation_store import FileInstallationStore
from slack_sdk.oauth.state_store import FileOAuthStateStore

logging.disable(logging.CRITICAL)
app = App(
    client=WebClient(base_url="http://127.0.0.1:9/api/"),
    signing_secret="0" * 32,
    oauth_settings=OAuthSettings(
        client_id="1.2", client_secret="FAKE", scopes=["chat:write"],
        installation_store=FileInstallationStore(base_dir="installations", client_id="1.2"),
        state_store=FileOAuthStateStore(expiration_seconds=60, base_dir="states"),
    ),
)
seen = {
    "the app's client": app.client.base_url,
    "the flow's client": app.oauth_flow.client.base_url,
    "the rotator's client": app.oauth_flow.settings.authorize.token_rotator.client.base_url,
}
for what, url in seen.items():
    print(f"{what:22} {url}")
urls = list(seen.values())
sys.exit(0 if urls[0] == urls[1] == "http://127.0.0.1:9/api/" and urls[2] == "https://slack.com/api/" else 1)
PY
