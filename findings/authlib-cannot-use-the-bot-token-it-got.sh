#!/usr/bin/env bash
# Authlib 1.9.10 (PyPI): a session takes Slack's bot token, and then every request with it fails before it is sent.
#
# `fetch_token` returns the answer whole. The first call raises `UnsupportedTokenTypeError`, since the answer's `token_type` is
# `bot`. An automatic refresh does the same: Slack spends the refresh token and `update_token` gets the new pair, but the
# call that caused it fails, and so does each one after it.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check authlib==1.9.10 requests==2.34.2 || exit 75

"$work/venv/bin/python" - <<'PY'
import json, sys, threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from authlib.integrations.requests_client import OAuth2Session

answer = json.dumps({
    "ok": True, "app_id": "A1", "access_token": "xoxe.xoxb-1-FAKE", "token_type": "bot", "scope": "chat:write",
    "bot_user_id": "U1", "expires_in": 43200, "refresh_token": "xoxe-1-FAKE-new", "team": {"id": "T1", "name": "one"},
    "enterprise": None, "is_enterprise_install": False, "authed_user": {"id": "U2"},
}).encode()
seen = []

class Server(BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers.get("content-length", 0)))
        seen.append(self.path)
        self.send_response(200)
        self.send_header("content-type", "application/json; charset=utf-8")
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass

server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()
api = f"http://127.0.0.1:{server.server_port}/api/"

def call(session):
    try:
        return session.post(api + "auth.test").status_code
    except Exception as error:
        return str(error)

session = OAuth2Session("1.2", "FAKE", token_endpoint=api + "oauth.v2.access")
token = session.fetch_token(api + "oauth.v2.access", code="FAKE", grant_type="authorization_code")
after_install = call(session)
saved = []
old = {"access_token": "xoxe.xoxb-1-FAKE-old", "refresh_token": "xoxe-1-FAKE", "token_type": "Bearer", "expires_at": 1}
session = OAuth2Session("1.2", "FAKE", token=old, token_endpoint=api + "oauth.v2.access",
                        update_token=lambda token, **_: saved.append(token["refresh_token"]))
after_refresh = [call(session), call(session)]
print(f"installed with {token['access_token']}; the first call: {after_install}")
print(f"refreshed, saved {saved}; that call and the next: {after_refresh}; Slack saw {seen}")
wrong = "unsupported_token_type: Unsupported token_type: 'bot'"
sys.exit(0 if [after_install, *after_refresh] == [wrong] * 3 and saved == ["xoxe-1-FAKE-new"]
         and seen == ["/api/oauth.v2.access"] * 2 else 1)
PY
