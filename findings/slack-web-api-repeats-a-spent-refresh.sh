#!/usr/bin/env bash
# @slack/web-api 8.2.0 (npm): a refresh whose answer is lost is sent again by itself, with the same single-use token.
#
# The server reads the request and closes the connection without an answer, so the refresh token may be spent. A client
# with default settings repeats the call after about a second, and goes on for some 30 minutes. A repeat within Slack's
# grace time is harmless; the later ones cannot succeed, and the caller waits for all of them. `retryConfig` and
# `rejectRateLimitedCalls` do not tell token methods from others. Two requests within four seconds are looked for here.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-fund --no-audit @slack/web-api@8.2.0 || exit 75

cat > run.mjs <<'JS'
import http from 'node:http';
import slack from '@slack/web-api';

const sent = [];
const server = http.createServer((request) => {
  let body = '';
  request.on('data', (part) => (body += part));
  request.on('end', () => {
    sent.push(new URLSearchParams(body).get('refresh_token'));
    request.socket.destroy();
  });
});
await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
const slackApiUrl = `http://127.0.0.1:${server.address().port}/api/`;
const quiet = { debug() {}, info() {}, warn() {}, error() {}, setLevel() {}, getLevel: () => 'error', setName() {} };
const client = new slack.WebClient(undefined, { slackApiUrl, logger: quiet });
let state = 'pending';
client.oauth.v2
  .access({ client_id: '1.2', client_secret: 'FAKE', grant_type: 'refresh_token', refresh_token: 'xoxe-1-FAKE' })
  .then(() => (state = 'resolved'), () => (state = 'rejected'));
await new Promise((over) => setTimeout(over, 4000));
console.log(`after 4 s the call is ${state}; refresh tokens received: ${sent.join(', ')}`);
process.exit(state === 'pending' && sent.length >= 2 && sent.every((token) => token === 'xoxe-1-FAKE') ? 0 : 1);
JS
node run.mjs
