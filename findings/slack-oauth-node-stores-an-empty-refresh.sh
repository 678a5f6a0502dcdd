#!/usr/bin/env bash
# @slack/oauth 4.0.0 (npm): an answer to a refresh that lacks the refresh token erases the stored one.
#
# The answer says `ok: true` and has a new access token and no `refresh_token`. RFC 6749 section 6 makes a new refresh
# token optional, and the old one then stays in use. The provider stores `undefined` over it. When the new access token
# ends, nothing is left to refresh it with.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-fund --no-audit @slack/oauth@4.0.0 @slack/web-api@8.2.0 || exit 75

cat > run.mjs <<'JS'
import http from 'node:http';
import oauth from '@slack/oauth';

const server = http.createServer((request, response) => {
  request.resume().on('end', () => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ ok: true, token_type: 'bot', access_token: 'xoxe.xoxb-1-FAKE-new', expires_in: 43200 }));
  });
});
await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
const slackApiUrl = `http://127.0.0.1:${server.address().port}/api/`;
const quiet = { debug() {}, info() {}, warn() {}, error() {}, setLevel() {}, getLevel: () => 'error', setName() {} };
let stored;
const provider = new oauth.InstallProvider({
  clientId: '1.2', clientSecret: 'FAKE', stateSecret: 'FAKE', logger: quiet,
  clientOptions: { slackApiUrl, logger: quiet },
  installationStore: {
    fetchInstallation: async () => ({
      team: { id: 'T1' }, user: { id: 'U1' }, authVersion: 'v2', isEnterpriseInstall: false,
      bot: {
        token: 'xoxe.xoxb-1-FAKE-old', refreshToken: 'xoxe-1-FAKE-old', expiresAt: Math.floor(Date.now() / 1000) + 10,
        scopes: [], userId: 'U2', id: 'B1',
      },
    }),
    storeInstallation: async (installation) => (stored = installation),
  },
});
await provider.authorize({ teamId: 'T1' });
console.log(`stored: token ${stored.bot.token}, refresh token ${stored.bot.refreshToken}`);
process.exit(stored.bot.token === 'xoxe.xoxb-1-FAKE-new' && stored.bot.refreshToken === undefined ? 0 : 1);
JS
node run.mjs
