#!/usr/bin/env bash
# requests-oauthlib 2.0.0 with oauthlib 4.0.1 (PyPI): with `slack_compliance_fix` a JSON body is dropped without an error,
# and a form that is used twice keeps sending the token of its first use.
#
# The package offers this fix for a session with Slack. It puts the token into the form of each request, as Slack once
# wanted it. A request with `json=..` has no form, so one with the token alone is made, and requests sends that
# in place of the JSON. A caller's own dict gets the token written into it; on its next use it counts as a token that the
# caller chose. After a refresh such a request has the new token in its header and the old one in its body.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check \
  requests-oauthlib==2.0.0 oauthlib==4.0.1 requests==2.34.2 || exit 75

OAUTHLIB_INSECURE_TRANSPORT=1 "$work/venv/bin/python" - <<'PY'
import sys, threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from requests_oauthlib import OAuth2Session
from requests_oauthlib.compliance_fixes import slack_compliance_fix

seen = []

class Server(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0))).decode()
        seen.append((self.headers["authorization"], self.headers["content-type"], body))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass

server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()
url = f"http://127.0.0.1:{server.server_port}/api/chat.postMessage"

session = slack_compliance_fix(OAuth2Session("1.2", token={"access_token": "FAKE-old", "token_type": "Bearer"}))
session.post(url, json={"channel": "C1", "text": "hello"})
form = {"channel": "C1"}
session.post(url, data=form)
session.token = {"access_token": "FAKE-new", "token_type": "Bearer"}
session.post(url, data=form)

for what, request in zip(("json=", "form", "the same form after a refresh"), seen):
    print(f"{what:30} {request}")
print(f"the caller's dict: {form}")
kind = "application/x-www-form-urlencoded"
sys.exit(0 if seen == [
    ("Bearer FAKE-old", kind, "token=FAKE-old"),
    ("Bearer FAKE-old", kind, "channel=C1&token=FAKE-old"),
    ("Bearer FAKE-new", kind, "channel=C1&token=FAKE-old"),
] and form == {"channel": "C1", "token": "FAKE-old"} else 1)
PY
