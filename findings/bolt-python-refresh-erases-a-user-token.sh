#!/usr/bin/env bash
# slack_bolt 1.30.0 with slack_sdk 3.48.0 (PyPI): a bot refresh for one person's event erases another person's user token.
#
# For an event of somebody who did not install the app, `InstallationStoreAuthorize` takes the installer's user token out
# of the installation that it read, rightly, since it is not for that person. When the bot's token nears its end, it
# refreshes that copy and stores it as the installer's. The store then has no user token and no user refresh token of the
# installer, although neither had ended or was revoked, and nothing is logged. An app loses them with the first event of
# any other member within two hours of the bot token's end. So it is with all three stores of slack_sdk.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check \
  slack_sdk==3.48.0 slack_bolt==1.30.0 SQLAlchemy==2.0.44 || exit 75

"$work/venv/bin/python" - "$work" <<'PY'
import json, logging, sys, threading, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
import sqlalchemy
from slack_bolt import BoltContext
from slack_bolt.authorization.authorize import InstallationStoreAuthorize
from slack_sdk import WebClient
from slack_sdk.oauth.installation_store import FileInstallationStore, Installation
from slack_sdk.oauth.installation_store.sqlalchemy import SQLAlchemyInstallationStore
from slack_sdk.oauth.installation_store.sqlite3 import SQLite3InstallationStore

logging.disable(logging.CRITICAL)
work = sys.argv[1]

class Slack(BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers.get("content-length", 0)))
        answer = {"ok": True, "bot_id": "B1", "user_id": "U9", "team_id": "T1"}
        if self.path == "/api/oauth.v2.access":
            answer = {"ok": True, "token_type": "bot", "access_token": "xoxe.xoxb-1-FAKE-new",
                      "refresh_token": "xoxe-1-FAKE-new", "expires_in": 43200}
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
    "sqlite3": SQLite3InstallationStore(database=f"{work}/sqlite3.db", client_id="1.2"),
    "sqlalchemy": SQLAlchemyInstallationStore(client_id="1.2", engine=engine),
}
stores["sqlite3"].init()
stores["sqlalchemy"].create_tables()

now = time.time()
for store in stores.values():
    store.save(Installation(
        app_id="A1", user_id="U1", team_id="T1", bot_id="B1", bot_user_id="U9", bot_scopes=["chat:write"],
        bot_token="xoxe.xoxb-1-FAKE-old", bot_refresh_token="xoxe-1-FAKE-old", bot_token_expires_at=int(now) + 600,
        user_token="xoxe.xoxp-1-FAKE", user_scopes=["search:read"], user_refresh_token="xoxe-1-FAKE-user",
        user_token_expires_at=int(now) + 40000, installed_at=now - 100,
    ))
time.sleep(1.1)  # SQLite3InstallationStore dates its rows in seconds
seen = {}
for name, store in stores.items():
    authorize = InstallationStoreAuthorize(
        logger=logging.getLogger(), installation_store=store, client_id="1.2", client_secret="FAKE", client=client)
    result = authorize(context=BoltContext(client=client), enterprise_id=None, team_id="T1", user_id="U2")
    found = store.find_installation(enterprise_id=None, team_id="T1", user_id="U1")
    seen[name] = (result.bot_token, found.user_token, found.user_refresh_token)
    print(f"{name:10} the event has {result.bot_token}; "
          f"stored for U1: user token {found.user_token}, user refresh token {found.user_refresh_token}")
expected = ("xoxe.xoxb-1-FAKE-new", None, None)
sys.exit(0 if len(seen) == 3 and all(it == expected for it in seen.values()) else 1)
PY
