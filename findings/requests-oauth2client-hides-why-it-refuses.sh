#!/usr/bin/env bash
# requests-oauth2client 1.8.0 (PyPI): Slack's good answer to a bot install raises an error that names no reason.
#
# The answer's `token_type` is `bot`, which the library does not know. It then looks for an OAuth error in the good answer,
# finds none, and raises `InvalidTokenResponse` about the key `'error'`. The code is spent by then. With `token_type`
# `bearer` the same answer is taken.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check requests-oauth2client==1.8.0 || exit 75

"$work/venv/bin/python" - <<'PY'
import json, sys, threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from requests_oauth2client import OAuth2Client

answer = {
    "ok": True, "app_id": "A1", "access_token": "xoxe.xoxb-1-FAKE", "token_type": "bot", "scope": "chat:write",
    "bot_user_id": "U1", "expires_in": 43200, "refresh_token": "xoxe-1-FAKE", "team": {"id": "T1", "name": "one"},
    "enterprise": None, "is_enterprise_install": False, "authed_user": {"id": "U2"},
}

class Server(BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers.get("content-length", 0)))
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json; charset=utf-8")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass

server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()
client = OAuth2Client(token_endpoint=f"http://127.0.0.1:{server.server_port}/api/oauth.v2.access",
                      client_id="1.2", client_secret="FAKE", testing=True)

def outcome():
    try:
        return f"token {client.authorization_code('FAKE', validate=False).access_token}"
    except Exception as error:
        return f"{type(error).__name__}: {error}"

as_bot = outcome()
answer["token_type"] = "bearer"
as_bearer = outcome()
print(f"token_type bot: {as_bot}\ntoken_type bearer: {as_bearer}")
sys.exit(0 if as_bot.startswith("InvalidTokenResponse: ") and as_bot.endswith("the error response: 'error'")
         and as_bearer == "token xoxe.xoxb-1-FAKE" else 1)
PY
