// @slack/web-api and @slack/oauth against the fake.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, test } from 'node:test';
import oauth from '@slack/oauth';
import { LogLevel, WebClient } from '@slack/web-api';
import { fakeSlack } from './fake-slack.mjs';

const { InstallProvider, MemoryInstallationStore } = oauth;
const callback = 'https://app.example.com/slack/callback';
const quiet = { debug() {}, info() {}, warn() {}, error() {}, setLevel() {}, getLevel: () => LogLevel.ERROR, setName() {} };

let slack, client, app;
const webClient = (token, more = {}) =>
  new WebClient(token, { slackApiUrl: slack.apiUrl, logger: quiet, retryConfig: { retries: 0 }, ...more });
const install = async (clientId = '111.1', parameters = {}) => {
  const code = await slack.code(clientId, { scope: 'chat:write', redirect_uri: callback, ...parameters });
  return client.oauth.v2.access({ ...app(clientId), code, redirect_uri: callback });
};
const refused = (error, promise) => assert.rejects(promise, (thrown) => thrown.data?.error === error);

beforeEach(async () => {
  slack = await fakeSlack('--seed', fileURLToPath(new URL('seed.toml', import.meta.url)));
  client = webClient();
  app = (clientId) => ({ client_id: clientId, client_secret: slack.apps[clientId].client_secret });
});
afterEach(() => slack.close());

test('install, call, and twelve hours pass', async () => {
  const installed = await install('111.1', { user_scope: 'users:read' });
  assert.deepEqual([installed.token_type, installed.authed_user.token_type], ['bot', 'user']);
  const bot = webClient(installed.access_token);
  const who = await bot.auth.test();
  assert.equal(who.team_id, 'T0FAKE00001');
  assert.deepEqual(who.response_metadata.scopes, ['chat:write']);
  assert.equal(who.response_metadata.acceptedScopes, undefined);
  assert.equal((await bot.chat.postMessage({ channel: 'C0FAKE00001', text: 'hello' })).ts, '1795219200.000100');

  await slack.passTime(43_200);
  await refused('token_expired', bot.auth.test());
  const grant = { ...app('111.1'), grant_type: 'refresh_token', refresh_token: installed.refresh_token };
  const renewed = await client.oauth.v2.access(grant);
  assert.equal((await webClient(renewed.access_token).auth.test()).ok, true);
  await slack.passTime(61);
  await refused('invalid_refresh_token', client.oauth.v2.access(grant));
});

test('a long-lived token is exchanged once', async () => {
  const { access_token: token } = await install('222.2');
  await slack.control('POST', '/apps/turn-rotation-on', { client_id: '222.2' });
  const pair = await client.oauth.v2.exchange({ ...app('222.2'), token });
  assert.deepEqual([pair.token_type, pair.expires_in, pair.is_enterprise_install], ['bot', 43_200, false]);
  await refused('token_already_exchanged', client.oauth.v2.exchange({ ...app('222.2'), token }));
});

test('a client that holds a token redeems a code, unless the token is stale', async () => {
  const bot = webClient((await install()).access_token);
  const grant = async () => ({
    ...app('111.1'), code: await slack.code('111.1', { scope: 'chat:write', redirect_uri: callback }), redirect_uri: callback,
  });
  assert.equal((await bot.oauth.v2.access(await grant())).ok, true);
  await refused('invalid_auth', webClient('xoxb-stale').oauth.v2.access(await grant()));
});

test('sign in, with PKCE at the other page', async () => {
  const signIn = { scope: 'openid email profile', response_type: 'code', nonce: 'n', redirect_uri: callback };
  const code = await slack.code('111.1', signIn, 'openid/connect/authorize');
  const tokens = await client.openid.connect.token({ ...app('111.1'), code, redirect_uri: callback });
  const person = await webClient(tokens.access_token).openid.connect.userInfo();
  assert.deepEqual([person.sub, person.email], ['U0FAKE00001', 'fake.person@example.com']);

  const code_verifier = 'FAKE-verifier-0123456789-0123456789-0123456789-0';
  const code_challenge = createHash('sha256').update(code_verifier).digest('base64url');
  await slack.control('POST', '/apps', { client_id: '333.3', client_secret: 'unused', pkce: true, redirect_urls: [callback] });
  const pkce = { scope: 'chat:write', redirect_uri: callback, code_challenge, code_challenge_method: 'S256' };
  const grant = { client_id: '333.3', code: await slack.code('333.3', pkce), redirect_uri: callback };
  await refused('invalid_code_verifier', client.apiCall('oauth.v2.access', { ...grant, code_verifier: `${code_verifier}x` }));
  assert.equal((await client.apiCall('oauth.v2.access', { ...grant, code_verifier })).ok, true);
});

test('an organization, page by page', async () => {
  const installed = await install('555.5', { team: 'E0FAKE00001' });
  const teams = [];
  for await (const page of webClient(installed.access_token).paginate('auth.teams.list', { limit: 1 })) {
    teams.push(...page.teams.map((team) => team.id));
  }
  assert.deepEqual(teams, ['T0FAKE00002', 'T0FAKE00003']);
});

test('faults, revocation and uninstall', async () => {
  const { access_token: token } = await install();
  const patient = webClient(token, { retryConfig: { retries: 1, minTimeout: 1 } });
  await slack.fault('auth.test', 'rate_limited', { retry_after: 1 });
  assert.equal((await patient.auth.test()).ok, true);
  assert.equal(await slack.calls('auth.test'), 2);
  assert.equal((await patient.auth.revoke({ test: true })).revoked, false);
  assert.equal((await patient.apps.uninstall(app('111.1'))).ok, true);
  await refused('account_inactive', patient.auth.test());
  const pair = await slack.control('POST', '/configuration-tokens', { team_id: 'T0FAKE00001', user_id: 'U0FAKE00001' });
  const renewed = await client.tooling.tokens.rotate({ refresh_token: pair.refresh_token });
  assert.equal(renewed.exp - renewed.iat, 43_200);
});

test('InstallProvider installs, and refreshes what is due', async () => {
  const store = new MemoryInstallationStore();
  const provider = new InstallProvider({
    clientId: '111.1', clientSecret: app('111.1').client_secret, stateSecret: 'a state secret', logger: quiet,
    installationStore: store, authorizationUrl: `${slack.origin}/oauth/v2/authorize`,
    clientOptions: { slackApiUrl: slack.apiUrl, logger: quiet },
  });
  const headers = {};
  const install = { setHeader: (name, value) => (headers[name.toLowerCase()] = value), writeHead() {}, getHeader: (name) => headers[name.toLowerCase()], end: (body) => (install.body = body) };
  await provider.handleInstallPath({ url: '/slack/install', headers: {} }, install, {}, { scopes: ['chat:write'], redirectUri: callback });
  const link = install.body.match(/href="(http[^"]*)"/)[1].replaceAll('&amp;', '&');
  const target = new URL(await slack.browse(link));
  const cookie = String(headers['set-cookie']).split(';')[0];
  let failure;
  const response = { setHeader() {}, getHeader() {}, writeHead() {}, end() {} };
  await provider.handleCallback({ url: target.pathname + target.search, headers: { cookie } }, response, {
    success() {}, failure: (error) => (failure = error),
  });
  assert.equal(failure, undefined);
  const query = { teamId: 'T0FAKE00001', isEnterpriseInstall: false };
  const first = await provider.authorize(query);
  assert.match(first.botToken, /^xoxe\.xoxb-1-/);
  // The provider refreshes by its own clock, two hours ahead: the end of the token is moved instead.
  const stored = await store.fetchInstallation(query);
  stored.bot.expiresAt = Math.floor(Date.now() / 1000) + 60;
  await store.storeInstallation(stored);
  const second = await provider.authorize(query);
  assert.notEqual(second.botToken, first.botToken);
  assert.equal((await webClient(second.botToken).auth.test()).ok, true);
});
