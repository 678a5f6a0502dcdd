#!/usr/bin/env bash
# requests-oauthlib 2.0.0 with oauthlib 4.0.1 (PyPI): a refresh by itself posts the caller's request to the token endpoint.
#
# `auto_refresh_kwargs` is documented as the extra arguments of a refresh. Every keyword argument of the request that met
# the expired token is a field of the refresh too: the JSON body and the client certificate's path of a POST, the query of
# a GET and its `allow_redirects`, in Python's notation. So a message reaches the authorization server and its logs, only
# now and then, when a token has ended. A call of `refresh_token()` by hand, before the request, sends the standard fields
# alone.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check \
  requests-oauthlib==2.0.0 oauthlib==4.0.1 requests==2.34.2 || exit 75

cd "$work"
touch client.pem
OAUTHLIB_INSECURE_TRANSPORT=1 "$work/venv/bin/python" - <<'PY'
import json, sys, threading, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl
from requests_oauthlib import OAuth2Session

refreshes = []

class Server(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0))).decode()
        answer = {"ok": True}
        if self.path == "/token":
            refreshes.append(dict(parse_qsl(body)))
            answer = {
                "access_token": "FAKE-new", "refresh_token": "FAKE-2", "token_type": "Bearer", "expires_in": 43200}
        answer = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_GET = do_POST

    def log_message(self, *_):
        pass

server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()
base = f"http://127.0.0.1:{server.server_port}"

def session():
    return OAuth2Session(
        "1.2", token_updater=lambda token: None,
        auto_refresh_url=f"{base}/token", auto_refresh_kwargs={"client_id": "1.2", "client_secret": "FAKE"},
        token={"access_token": "FAKE-old", "refresh_token": "FAKE-1", "token_type": "Bearer",
               "expires_at": time.time() - 10},
    )

session().post(f"{base}/message", json={"text": "for one reader"}, cert="client.pem")
session().get(f"{base}/user", params={"email": "a@example.org"})
by_hand = session()
by_hand.refresh_token(f"{base}/token", **by_hand.auto_refresh_kwargs)
by_hand.post(f"{base}/message", json={"text": "for one reader"}, cert="client.pem")

standard = {"grant_type", "refresh_token", "client_id", "client_secret"}
more = [{name: value for name, value in fields.items() if name not in standard} for fields in refreshes]
for what, fields in zip(("on a POST", "on a GET", "by hand"), more):
    print(f"fields of the refresh {what} beyond the standard ones: {fields}")
sys.exit(0 if more == [
    {"json": "{'text': 'for one reader'}", "cert": "client.pem"},
    {"params": "{'email': 'a@example.org'}", "allow_redirects": "True"},
    {},
] else 1)
PY
