#!/usr/bin/env bash
# oauth4webapi 3.8.8 (npm): Slack's good answer to a bot install is refused, since its `token_type` is `bot`.
#
# RFC 6749 has token types, and Slack names the owner of the token there. The library knows `bearer` and `dpop` and throws
# on others, after the authorization code is spent: the pair that Slack has issued is lost, and the installation stands at
# Slack with a token that nobody holds. Its option `recognizedTokenTypes` has to name `bot` and `user` beforehand.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-fund --no-audit oauth4webapi@3.8.8 || exit 75

cat > run.mjs <<'JS'
import * as oauth from 'oauth4webapi';

const answer = () => new Response(JSON.stringify({
  ok: true, app_id: 'A1', access_token: 'xoxe.xoxb-1-FAKE', token_type: 'bot', scope: 'commands,chat:write',
  bot_user_id: 'U1', expires_in: 43200, refresh_token: 'xoxe-1-FAKE', team: { id: 'T1', name: 'one' },
  enterprise: null, is_enterprise_install: false, authed_user: { id: 'U2' },
}), { headers: { 'content-type': 'application/json; charset=utf-8' } });
const server = { issuer: 'https://slack.com' };
const app = { client_id: '1.2' };
const said = (promise) => promise.then((it) => `resolves with ${it.access_token}`, (error) => `${error.code}: ${error.message}`);

const plain = await said(oauth.processAuthorizationCodeResponse(server, app, answer()));
const named = await said(oauth.processAuthorizationCodeResponse(server, app, answer(), {
  recognizedTokenTypes: { bot: () => {} },
}));
console.log(`as it is: ${plain}`);
console.log(`with recognizedTokenTypes: ${named}`);
process.exit(plain === 'OAUTH_UNSUPPORTED_OPERATION: unsupported `token_type` value'
  && named === 'resolves with xoxe.xoxb-1-FAKE' ? 0 : 1);
JS
node run.mjs
