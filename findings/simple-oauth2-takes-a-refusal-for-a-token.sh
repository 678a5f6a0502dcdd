#!/usr/bin/env bash
# simple-oauth2 5.1.0 (npm): Slack's refusal of a code or of a refresh token becomes an access token that never expires.
#
# Slack refuses with status 200 and `ok: false`. `getToken` and `refresh` look at the status alone and resolve, and the
# value's `expired()` says false. A program that stores what it gets back overwrites a good pair with an error.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-fund --no-audit simple-oauth2@5.1.0 || exit 75

cat > run.mjs <<'JS'
import http from 'node:http';
import { AuthorizationCode } from 'simple-oauth2';

let error;
const server = http.createServer((request, response) => {
  request.resume().on('end', () => {
    response.setHeader('content-type', 'application/json; charset=utf-8');
    response.end(JSON.stringify({ ok: false, error }));
  });
});
await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
const client = new AuthorizationCode({
  client: { id: '1.2', secret: 'FAKE' },
  auth: { tokenHost: `http://127.0.0.1:${server.address().port}`, tokenPath: '/api/oauth.v2.access' },
});
error = 'invalid_code';
const installed = await client.getToken({ code: 'FAKE', redirect_uri: 'https://app.example.com/cb' });
error = 'invalid_refresh_token';
const stored = client.createToken({ access_token: 'xoxe.xoxb-1-FAKE', refresh_token: 'xoxe-1-FAKE', expires_in: -1 });
const refreshed = await stored.refresh();
const lines = [['code refused', installed], ['refresh refused', refreshed]]
  .map(([what, it]) => `${what}: token ${JSON.stringify(it.token)}, expired() ${it.expired()}`);
console.log(lines.join('\n'));
server.close();
server.closeAllConnections();
process.exitCode = lines[0] === 'code refused: token {"ok":false,"error":"invalid_code"}, expired() false'
  && refreshed.token.ok === false && refreshed.token.access_token === undefined && !refreshed.expired() ? 0 : 1;
JS
node run.mjs
