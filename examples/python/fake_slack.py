"""A fake Slack for tests: starts `slack-auth fake` and controls it. Needs nothing but the standard library."""

import http.client
import json
import os
import subprocess
import urllib.error
import urllib.parse
import urllib.request


class FakeSlack:
    """A running fake. The command is `slack-auth`, or what the environment variable SLACK_AUTH names."""

    def __init__(self, *arguments):
        command = [os.environ.get("SLACK_AUTH", "slack-auth"), "fake", *arguments]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)
        ready = json.loads(self.process.stdout.readline())
        self.origin, self.control_url = ready["origin"], ready["control"]
        self.base_url = self.origin + "/api/"
        self.apps = {app["client_id"]: app for app in ready["apps"]}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.process.terminate()
        self.process.stdout.close()
        return self.process.wait(10)

    def control(self, verb, path, body=None):
        """Sends a request to the control API; `GET /openapi.json` describes all of them."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.control_url + path, data, method=verb)
        with urllib.request.urlopen(request, timeout=10) as response:
            return json.load(response)

    def pass_time(self, seconds):
        return self.control("POST", "/clock", {"advance": seconds})["now"]

    def fault(self, method, kind, times=1, **more):
        self.control("POST", "/faults", {"method": method, "fault": {"kind": kind, **more}, "times": times})

    def calls(self, name):
        return self.control("GET", "/calls?name=" + name)["count"]

    def browse(self, url):
        """Opens a page as a browser whose person consents, and returns the address it is sent to."""
        parts = urllib.parse.urlsplit(url)
        connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=10)
        connection.request("GET", f"{parts.path}?{parts.query}")
        response = connection.getresponse()
        location, page = response.getheader("location"), response.read().decode()
        connection.close()
        if location is None:
            raise AssertionError(f"no redirect but status {response.status}: {page}")
        return location

    def code(self, client_id, page="oauth/v2/authorize", **parameters):
        """Authorizes an app and returns the code of the callback."""
        query = urllib.parse.urlencode({"client_id": client_id, **parameters})
        callback = self.browse(f"{self.origin}/{page}?{query}")
        return urllib.parse.parse_qs(urllib.parse.urlsplit(callback).query)["code"][0]
