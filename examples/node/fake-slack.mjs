// A fake Slack for tests: starts `slack-auth fake` and controls it. Needs nothing but Node.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** Starts a fake. The command is `slack-auth`, or what the environment variable SLACK_AUTH names. */
export async function fakeSlack(...args) {
  const child = spawn(process.env.SLACK_AUTH ?? 'slack-auth', ['fake', ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const line = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (status) => reject(new Error(`slack-auth fake ended with status ${status}`)));
    createInterface({ input: child.stdout }).once('line', resolve);
  });
  const { origin, control: controlUrl, apps } = JSON.parse(line);

  const slack = {
    origin,
    apiUrl: `${origin}/api/`,
    apps: Object.fromEntries(apps.map((app) => [app.client_id, app])),

    /** Sends a request to the control API; `GET /openapi.json` describes all of them. */
    async control(method, path, body) {
      const response = await fetch(controlUrl + path, { method, body: body && JSON.stringify(body) });
      const answer = await response.json();
      if (!response.ok) throw new Error(answer.error);
      return answer;
    },

    passTime: (seconds) => slack.control('POST', '/clock', { advance: seconds }),
    fault: (method, kind, more = {}) => slack.control('POST', '/faults', { method, fault: { kind, ...more } }),
    calls: async (name) => (await slack.control('GET', `/calls?name=${name}`)).count,

    /** Opens a page as a browser whose person consents, and returns the address it is sent to. */
    async browse(url) {
      const response = await fetch(url, { redirect: 'manual' });
      const page = await response.text();
      const location = response.headers.get('location');
      if (!location) throw new Error(`no redirect but status ${response.status}: ${page}`);
      return location;
    },

    /** Authorizes an app and returns the code of the callback. */
    async code(clientId, parameters, page = 'oauth/v2/authorize') {
      const query = new URLSearchParams({ client_id: clientId, ...parameters });
      return new URL(await slack.browse(`${origin}/${page}?${query}`)).searchParams.get('code');
    },

    close: () => new Promise((resolve) => {
      child.removeAllListeners('exit');
      child.once('exit', resolve);
      child.kill();
    }),
  };
  return slack;
}
