import { readFileSync, statSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { moduleArchive } from '../support/build-fixtures.js';
import { E2eRegistry, moduleConfiguration } from '../support/e2e-registry.js';
import { publishModule } from '../support/publish-client.js';
import { TERRAFORM, type TerraformWorkspace } from '../support/terraform-cli.js';
import { type Shown, WebBrowser } from '../support/web-browser.js';

const EMAIL = 'ada@example.com';
const PASSWORD = 'TEST ONLY pass phrase';
const AUTHORIZE = '/api/v1/oauth/authorize';

describe.skipIf(!TERRAFORM)('terraform login with the real CLI', () => {
  let e2e: E2eRegistry;
  let firstPassword: string;
  const workspaces: TerraformWorkspace[] = [];

  const workspace = (token?: string): TerraformWorkspace => {
    const configuration = moduleConfiguration(`${e2e.host}/myorg/vpc/aws`, '1.0.0');
    const one = e2e.workspace(configuration, { token, isConfiguredAtHome: true });
    workspaces.push(one);
    return one;
  };
  const newBrowser = () => new WebBrowser(e2e.proxy.url, e2e.registry.ca);
  /** Opens what the CLI asks for, and signs in on the way, so that the consent page is shown. */
  const consentPage = async (browser: WebBrowser, address: string): Promise<Shown> => {
    const page = await browser.submit(await browser.open(address), '/sign-in', {
      email: EMAIL,
      password: PASSWORD,
    });
    expect(new URL(page.url).pathname, page.html).toBe(AUTHORIZE);
    return page;
  };
  const savedToken = (cli: TerraformWorkspace): string => {
    const saved = JSON.parse(readFileSync(cli.credentialsFile, 'utf8')) as {
      credentials: Record<string, { token: string }>;
    };
    return saved.credentials[e2e.host]!.token;
  };

  beforeAll(async () => {
    e2e = await E2eRegistry.start('tls', { TFR_AUTH_ANONYMOUS_READ: 'false' });
    const published = await publishModule(e2e.publish, { version: '1.0.0', archive: moduleArchive() });
    expect(published.status).toBe(201);
    const admin = await e2e.registry.command('users', 'create-admin', EMAIL, '--name', 'Ada');
    expect(admin.status, admin.stderr).toBe(0);
    firstPassword = admin.stdout.trim();
  });
  afterAll(() => e2e?.stop());
  afterEach(() => workspaces.splice(0).forEach((one) => one.remove()));

  it('begins with a first sign-in that asks for another password', async () => {
    const browser = newBrowser();
    const signIn = await browser.open('/account');
    const forced = await browser.submit(signIn, '/sign-in', { email: EMAIL, password: firstPassword });
    expect(new URL(forced.url).pathname).toBe('/change-password');
    const account = await browser.submit(forced, '/change-password', {
      current_password: firstPassword,
      new_password: PASSWORD,
    });
    expect(new URL(account.url).pathname).toBe('/account');
    expect(account.html).toContain('Ada (ada@example.com)');
  });

  it('saves a token that installs a private module, until it is revoked on the account page (checklist 23–39)', async () => {
    const cli = workspace();
    const browser = newBrowser();
    const before = await cli.run('init');
    expect(before.text).toContain('401 Unauthorized');

    const login = await cli.login(e2e.host, async (address) => {
      const page = await consentPage(browser, address);
      expect(page.html).toContain('Ada (ada@example.com)');
      const arrived = await browser.submit(page, AUTHORIZE, { decision: 'allow' });
      expect(arrived.url).toMatch(/^http:\/\/localhost:100\d\d\/login\?code=/);
      expect(arrived.answer.status).toBe(200);
      return 'wait';
    });
    expect(login.status, login.text).toBe(0);
    expect(login.text).toContain('Success!');
    expect(statSync(cli.credentialsFile).mode & 0o777).toBe(0o600);
    expect(savedToken(cli)).toMatch(/^tfr_[\w-]{43}$/);

    const init = await cli.run('init');
    expect(init.status, init.text).toBe(0);

    const account = await browser.open('/account');
    const revoke = /action="(\/account\/keys\/[0-9a-f-]{36}\/revoke)"/.exec(account.html)?.[1];
    await browser.submit(account, revoke!, {});
    const after = await workspace(savedToken(cli)).run('init');
    expect(after.status).toBe(1);
    expect(after.text).toContain('401 Unauthorized');

    const logout = await cli.run('logout', e2e.host);
    expect(logout.status, logout.text).toBe(0);
    expect(readFileSync(cli.credentialsFile, 'utf8')).not.toContain('tfr_');
  });

  it('shows a page to who denies it; the CLI hears nothing and saves nothing (checklist 30)', async () => {
    const cli = workspace();
    const browser = newBrowser();
    let shown: Shown | undefined;
    const login = await cli.login(e2e.host, async (address) => {
      shown = await browser.submit(await consentPage(browser, address), AUTHORIZE, { decision: 'deny' });
      return 'give-up';
    });
    expect(login.status).toBeNull();
    expect(new URL(shown!.url).pathname).toBe(AUTHORIZE);
    expect(shown!.html).toContain('Ctrl+C');
    expect(() => savedToken(cli)).toThrow();
  });

  it('gives the CLI a code that it does not take when the state is not its own (checklist 29)', async () => {
    const cli = workspace();
    const browser = newBrowser();
    let arrived: Shown | undefined;
    const login = await cli.login(e2e.host, async (address) => {
      const changed = new URL(address);
      changed.searchParams.set('state', 'not-its-own');
      const page = await consentPage(browser, changed.href);
      arrived = await browser.submit(page, AUTHORIZE, { decision: 'allow' });
      return 'give-up';
    });
    expect(login.status).toBeNull();
    expect(arrived!.answer.status).toBe(400);
    expect(() => savedToken(cli)).toThrow();
  });

  it('shows a page for a request that is not in order, and never redirects it (B12)', async () => {
    const cli = workspace();
    const browser = newBrowser();
    let shown: Shown | undefined;
    await cli.login(e2e.host, async (address) => {
      const changed = new URL(address);
      changed.searchParams.set('redirect_uri', 'http://localhost.evil.example/login');
      shown = await browser.open(changed.href);
      return 'give-up';
    });
    expect(shown!.answer.status).toBe(400);
    expect(new URL(shown!.url).pathname).toBe(AUTHORIZE);
    expect(shown!.html).toContain('redirect_uri must be http://localhost');
  });
});
