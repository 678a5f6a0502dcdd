#!/usr/bin/env bash
# @slack/oauth 4.0.0 (npm): `authorize()` resolves with a token that it knows to be expired when its refresh is refused.
#
# The installation's bot token ended 100 seconds ago, by the installation's own `expiresAt`, and Slack answers the refresh
# with `invalid_refresh_token`. The refusal is swallowed, and the promise resolves with the old token: the program learns
# of it as `token_expired` from some later call, and cannot tell that a person must install the app again.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-fund --no-audit @slack/oauth@4.0.0 @slack/web-api@8.2.0 || exit 75

cat > run.mjs <<'JS'
import http from 'node:http';
import oauth from '@slack/oauth';

let refreshes = 0;
const server = http.createServer((request, response) => {
  request.resume().on('end', () => {
    refreshes += 1;
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ ok: false, error: 'invalid_refresh_token' }));
  });
});
await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
const slackApiUrl = `http://127.0.0.1:${server.address().port}/api/`;
const quiet = { debug() {}, info() {}, warn() {}, error() {}, setLevel() {}, getLevel: () => 'error', setName() {} };
const provider = new oauth.InstallProvider({
  clientId: '1.2', clientSecret: 'FAKE', stateSecret: 'FAKE', logger: quiet,
  clientOptions: { slackApiUrl, logger: quiet, retryConfig: { retries: 0 } },
  installationStore: {
    fetchInstallation: async () => ({
      team: { id: 'T1' }, user: { id: 'U1' }, authVersion: 'v2', isEnterpriseInstall: false,
      bot: {
        token: 'xoxe.xoxb-1-FAKE-ended', refreshToken: 'xoxe-1-FAKE', expiresAt: Math.floor(Date.now() / 1000) - 100,
        scopes: [], userId: 'U2', id: 'B1',
      },
    }),
    storeInstallation: async () => {},
  },
});
const outcome = await provider.authorize({ teamId: 'T1' }).then(
  (it) => `resolves with ${it.botToken}`, (error) => `rejects with ${error.code}`);
console.log(`refresh requests: ${refreshes}, all refused; authorize() ${outcome}`);
process.exit(refreshes === 1 && outcome === 'resolves with xoxe.xoxb-1-FAKE-ended' ? 0 : 1);
JS
node run.mjs
