import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { moduleArchive } from '../support/build-fixtures.js';
import { moduleConfiguration } from '../support/e2e-registry.js';
import { freePort } from '../support/free-port.js';
import { LoginClient, type Send } from '../support/login-client.js';
import { publishModule } from '../support/publish-client.js';
import { Replicas } from '../support/replicas.js';
import { type LoggedRequest, RecordingProxy } from '../support/request-log.js';
import { TERRAFORM, TerraformWorkspace } from '../support/terraform-cli.js';
import { issueTestTls, type TestTls } from '../support/tls.js';
import { WebBrowser } from '../support/web-browser.js';

const EMAIL = 'ada@example.com';
const PASSWORD = 'TEST ONLY pass phrase';
const AUTHORIZE = '/api/v1/oauth/authorize';
const TOKEN = '/api/v1/oauth/token';
const VERSIONS = '/v1/modules/myorg/vpc/aws/versions';

describe('terraform login at several processes behind one address', () => {
  const directory = mkdtempSync(join(tmpdir(), 'tfr-e2e-tls-'));
  let tls: TestTls;
  let front: RecordingProxy;
  let replicas: Replicas;

  beforeAll(async () => {
    tls = await issueTestTls(directory);
    front = await RecordingProxy.listen(await freePort(), tls);
    replicas = await Replicas.start({
      publicUrl: front.url,
      env: {
        TFR_AUTH_ANONYMOUS_READ: 'false',
        TFR_SETUP_ADMIN_EMAIL: EMAIL,
        TFR_SETUP_ADMIN_PASSWORD: PASSWORD,
      },
    });
    front.forwardTo(...replicas.all.map(({ url }) => url));
    const key = await replicas.at(0).createKey('modules:write');
    const published = await publishModule(
      { url: replicas.at(0).url, key },
      { version: '1.0.0', archive: moduleArchive() },
    );
    expect(published.status).toBe(201);
  }, 120_000);
  afterAll(async () => {
    await front?.close();
    await replicas?.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  /** Sends a request to one process, with the cookies of whoever has signed in at another. */
  async function signedInSend(number: number): Promise<(at: number) => Send> {
    const json = { email: EMAIL, password: PASSWORD };
    const signedIn = await replicas.request(number, '/api/v1/auth/local/login', { method: 'POST', json });
    expect(signedIn.status, signedIn.body.toString()).toBe(200);
    const cookie = signedIn.headers['set-cookie']!.map((line) => line.split(';')[0]).join('; ');
    return (at) => (path, options) =>
      replicas.request(at, path, { ...options, headers: { ...options?.headers, cookie } });
  }
  const anonymousSend =
    (at: number): Send =>
    (path, options) =>
      replicas.request(at, path, options);
  /** What each process answers to somebody who reads with this token. */
  const readWith = (token: string) =>
    Promise.all(
      replicas.all.map(async (_, at) => (await replicas.request(at, VERSIONS, { key: token })).status),
    );

  it('gives a code at one process for which another gives the token, once; the second time ends the first token (B18)', async () => {
    const as = await signedInSend(0);
    const client = new LoginClient();
    const code = await client.code(as(1));
    const answer = await client.redeem(anonymousSend(2), code);
    expect(answer.status, answer.body.toString()).toBe(200);
    const { access_token: token } = answer.json<{ access_token: string }>();
    expect(await readWith(token)).toEqual([200, 200, 200]);

    const again = await client.redeem(anonymousSend(0), code);
    expect([again.status, again.json()['error']]).toEqual([400, 'invalid_grant']);
    await expect.poll(() => readWith(token), { timeout: 10_000 }).toEqual([401, 401, 401]);
  });

  it('gives one token when a code is sent to all of them at once, and not even that one lasts (B18)', async () => {
    const as = await signedInSend(0);
    const client = new LoginClient();
    const code = await client.code(as(0));
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, at) => client.redeem(anonymousSend(at), code)),
    );
    const given = answers.filter(({ status }) => status === 200);
    expect(given).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 400)).toHaveLength(29);
    const { access_token: token } = given[0]!.json<{ access_token: string }>();
    await expect.poll(() => readWith(token), { timeout: 10_000 }).toEqual([401, 401, 401]);
  });

  it('does not give a token for the code of somebody else who knows no verifier, at any process', async () => {
    const as = await signedInSend(0);
    const client = new LoginClient();
    const code = await client.code(as(1));
    const stolen = await new LoginClient().redeem(anonymousSend(2), code);
    expect([stolen.status, stolen.json()['error']]).toEqual([400, 'invalid_grant']);
  });

  it.skipIf(!TERRAFORM)(
    'lets the real CLI log in and install, each request at the next process',
    async () => {
      const host = `127.0.0.1:${front.port}`;
      const cli = new TerraformWorkspace({
        main: moduleConfiguration(`${host}/myorg/vpc/aws`, '1.0.0'),
        isConfiguredAtHome: true,
        caFile: tls.caFile,
      });
      try {
        front.clear();
        const browser = new WebBrowser(front.url, tls.ca);
        const login = await cli.login(host, async (address) => {
          const signIn = await browser.open(address);
          const consent = await browser.submit(signIn, '/sign-in', { email: EMAIL, password: PASSWORD });
          const arrived = await browser.submit(consent, AUTHORIZE, { decision: 'allow' });
          expect(arrived.answer.status, arrived.html).toBe(200);
          return 'wait';
        });
        expect(login.status, login.text).toBe(0);
        const served = (method: string, path: string): LoggedRequest =>
          front.requests.findLast((one) => one.method === method && one.path === path)!;
        const steps = [served('GET', AUTHORIZE), served('POST', AUTHORIZE), served('POST', TOKEN)];
        expect(new Set(steps.map(({ upstream }) => upstream)).size).toBe(3);

        const init = await cli.run('init');
        expect(init.status, init.text).toBe(0);
        const saved = JSON.parse(readFileSync(cli.credentialsFile, 'utf8')) as {
          credentials: Record<string, { token: string }>;
        };
        expect(await readWith(saved.credentials[host]!.token)).toEqual([200, 200, 200]);
      } finally {
        cli.remove();
      }
    },
  );
});
