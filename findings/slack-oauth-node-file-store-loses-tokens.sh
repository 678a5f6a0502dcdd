#!/usr/bin/env bash
# @slack/oauth 4.0.0 (npm): its FileInstallationStore loses the bot's token to another person's install, and the
# installer's user token to another person's event.
#
# The store has a file for the app and one for each person. Each install writes both. After one that asked for user scopes
# only, the app's file has no bot token, so `authorize()` resolves without one for everybody in the workspace, though the
# bot's token is as good as before. (slack_sdk for Python keeps it after the same two installs.)
# For somebody who did not install, the store gives the installer's installation without the user token. When the bot's
# token nears its end in such a call, the provider refreshes it and stores that installation, in the installer's file too:
# the installer's user token and its refresh token are gone, although neither had ended.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-fund --no-audit @slack/oauth@4.0.0 @slack/web-api@8.2.0 || exit 75

cat > run.mjs <<'JS'
import http from 'node:http';
import oauth from '@slack/oauth';

let answer;
const server = http.createServer((request, response) => {
  request.resume().on('end', () => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(request.url === '/api/auth.test' ? { ok: true, user_id: 'U2', team_id: 'T1' } : answer));
  });
});
await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
const slackApiUrl = `http://127.0.0.1:${server.address().port}/api/`;
const quiet = { debug() {}, info() {}, warn() {}, error() {}, setLevel() {}, getLevel: () => 'error', setName() {} };

// A person installs the app with a bot and a user token; both rotate.
async function installed(baseDir, botEndsIn) {
  const installationStore = new oauth.FileInstallationStore({ baseDir });
  const now = Math.floor(Date.now() / 1000);
  await installationStore.storeInstallation({
    team: { id: 'T1' }, authVersion: 'v2', isEnterpriseInstall: false,
    user: { id: 'U1', token: 'xoxe.xoxp-1-FAKE', refreshToken: 'xoxe-1-FAKE-user', expiresAt: now + 40000, scopes: ['search:read'] },
    bot: {
      token: 'xoxe.xoxb-1-FAKE-old', refreshToken: 'xoxe-1-FAKE-old', expiresAt: now + botEndsIn,
      scopes: ['chat:write'], userId: 'U9', id: 'B1',
    },
  });
  const provider = new oauth.InstallProvider({
    clientId: '1.2', clientSecret: 'FAKE', stateVerification: false, logger: quiet, installationStore,
    clientOptions: { slackApiUrl, logger: quiet },
  });
  return { installationStore, provider };
}

// Another person allows a user token only.
const first = await installed('first', 40000);
const before = (await first.provider.authorize({ teamId: 'T1', userId: 'U1' })).botToken;
answer = {
  ok: true, app_id: 'A1', team: { id: 'T1', name: 'Team' }, enterprise: null, is_enterprise_install: false,
  authed_user: { id: 'U2', scope: 'search:read', access_token: 'xoxp-FAKE-2', token_type: 'user' },
};
const callback = new http.IncomingMessage(null);
callback.url = '/slack/oauth_redirect?code=FAKE';
callback.headers = { host: 'localhost' };
const outcome = await new Promise((over) => {
  first.provider.handleCallback(callback, {}, { success: () => over('success'), failure: (error) => over(error.code) });
});
const after = (await first.provider.authorize({ teamId: 'T1', userId: 'U1' })).botToken;
console.log(`install by U2: ${outcome}; bot token for U1 before: ${before}, after: ${after}`);

// An event of a third person comes 10 minutes before the bot's token ends.
const second = await installed('second', 600);
answer = {
  ok: true, token_type: 'bot', access_token: 'xoxe.xoxb-1-FAKE-new', refresh_token: 'xoxe-1-FAKE-new', expires_in: 43200,
};
const event = await second.provider.authorize({ teamId: 'T1', userId: 'U3' });
const { user } = await second.installationStore.fetchInstallation({ teamId: 'T1', userId: 'U1' });
console.log(`event of U3: has ${event.botToken}; stored for U1: ${JSON.stringify(user)}`);

const bot = outcome === 'success' && before === 'xoxe.xoxb-1-FAKE-old' && after === undefined;
process.exit(bot && event.botToken === 'xoxe.xoxb-1-FAKE-new' && JSON.stringify(user) === '{"id":"U1"}' ? 0 : 1);
JS
node run.mjs
