#!/usr/bin/env bash
# slack_bolt 1.30.0 with slack_sdk 3.48.0 (PyPI): one event sends the same single-use refresh token twice.
#
# One person installed the app with its bot, and later another allowed it a user token only: the second of the two ways to
# install that the comments of `InstallationStoreAuthorize` name. When the bot's token nears its end and an event of the
# first person comes, `authorize` reads both installations, which share one bot pair. It refreshes the person's, stores it,
# and then refreshes the other from the copy that it read before. No second process or thread is needed.
# If the server takes the token once, `authorize` gives nothing and the event is turned away, though the refresh worked
# and the new token is stored. If it takes a repeat (Slack does for a short time), two pairs are issued and one is dropped.
# FileInstallationStore and SQLAlchemyInstallationStore do this; the tokens in the script are taken once.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check \
  slack_sdk==3.48.0 slack_bolt==1.30.0 SQLAlchemy==2.0.44 || exit 75

"$work/venv/bin/python" - "$work" <<'PY'
import json, logging, sys, threading, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs
import sqlalchemy
from slack_bolt import BoltContext
from slack_bolt.authorization.authorize import InstallationStoreAuthorize
from slack_sdk import WebClient
from slack_sdk.oauth.installation_store import FileInstallationStore, Installation
from slack_sdk.oauth.installation_store.sqlalchemy import SQLAlchemyInstallationStore

logging.disable(logging.CRITICAL)
work = sys.argv[1]
sent = []

class Slack(BaseHTTPRequestHandler):
    def do_POST(self):
        fields = parse_qs(self.rfile.read(int(self.headers.get("content-length", 0))).decode())
        answer = {"ok": True, "bot_id": "B1", "user_id": "U9", "team_id": "T1"}
        if self.path == "/api/oauth.v2.access":
            token = fields["refresh_token"][0]
            answer = {"ok": False, "error": "invalid_refresh_token"}
            if token not in sent:
                answer = {"ok": True, "token_type": "bot", "access_token": "xoxe.xoxb-1-FAKE-new",
                          "refresh_token": "xoxe-1-FAKE-new", "expires_in": 43200}
            sent.append(token)
        answer = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass

server = ThreadingHTTPServer(("127.0.0.1", 0), Slack)
threading.Thread(target=server.serve_forever, daemon=True).start()
client = WebClient(base_url=f"http://127.0.0.1:{server.server_port}/api/")
engine = sqlalchemy.create_engine(f"sqlite:///{work}/alchemy.db")
stores = {
    "file": FileInstallationStore(base_dir=f"{work}/files", client_id="1.2"),
    "sqlalchemy": SQLAlchemyInstallationStore(client_id="1.2", engine=engine),
}
stores["sqlalchemy"].create_tables()

seen = {}
for name, store in stores.items():
    now = time.time()
    store.save(Installation(
        app_id="A1", user_id="U1", team_id="T1", bot_id="B1", bot_user_id="U9", bot_scopes=["chat:write"],
        bot_token="xoxe.xoxb-1-FAKE-old", bot_refresh_token="xoxe-1-FAKE-old", bot_token_expires_at=int(now) + 600,
        user_token="xoxp-FAKE-1", user_scopes=["search:read"], installed_at=now - 100,
    ))
    store.save(Installation(
        app_id="A1", user_id="U2", team_id="T1", user_token="xoxp-FAKE-2", user_scopes=["search:read"],
        installed_at=now - 50,
    ))
    sent.clear()
    authorize = InstallationStoreAuthorize(
        logger=logging.getLogger(), installation_store=store, client_id="1.2", client_secret="FAKE", client=client)
    context = BoltContext(client=client)
    result = authorize(context=context, enterprise_id=None, team_id="T1", user_id="U1")
    stored = store.find_bot(enterprise_id=None, team_id="T1").bot_token
    seen[name] = (list(sent), result, stored)
    print(f"{name:10} sent: {', '.join(sent)}; authorize gives {result}; stored: {stored}")
expected = (["xoxe-1-FAKE-old"] * 2, None, "xoxe.xoxb-1-FAKE-new")
sys.exit(0 if set(seen) == {"file", "sqlalchemy"} and all(it == expected for it in seen.values()) else 1)
PY
