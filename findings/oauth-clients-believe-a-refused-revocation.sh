#!/usr/bin/env bash
# httpx-oauth 0.17.0 and requests-oauth2client 1.8.0 (PyPI): a revocation that Slack refuses is reported as done.
#
# RFC 7009 answers 200 when a token is revoked, or was not valid. Slack's `auth.revoke` answers 200 also when it revoked
# nothing, with `ok: false`. Both clients look at the status: one returns None without an error, the other True. Whoever
# removes an installation after that forgets a token that still works.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check \
  httpx-oauth==0.17.0 requests-oauth2client==1.8.0 || exit 75

"$work/venv/bin/python" - <<'PY'
import asyncio, json, sys, threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from httpx_oauth.oauth2 import OAuth2
from requests_oauth2client import OAuth2Client

class Server(BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers.get("content-length", 0)))
        body = json.dumps({"ok": False, "error": "fatal_error"}).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json; charset=utf-8")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass

server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()
api = f"http://127.0.0.1:{server.server_port}/api/"
way = "client_secret_post"
first = OAuth2("1.2", "FAKE", api, api, api, api + "auth.revoke",
               token_endpoint_auth_method=way, revocation_endpoint_auth_method=way)
second = OAuth2Client(token_endpoint=api, revocation_endpoint=api + "auth.revoke",
                      client_id="1.2", client_secret="FAKE", testing=True)
done = [asyncio.run(first.revoke_token("xoxb-FAKE")), second.revoke_access_token("xoxb-FAKE")]
print(f"Slack refuses both; httpx-oauth returns {done[0]} without an error, requests-oauth2client returns {done[1]}")
sys.exit(0 if done == [None, True] else 1)
PY
