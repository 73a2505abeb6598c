import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Browser } from '../../support/browser.js';
import { type Lies, LyingIdentityProvider } from '../../support/fakes/identity-provider-liar.js';
import { TestApp } from '../../support/test-app.js';
import { CLIENT_ID, CLIENT_SECRET, oidcSettings, rolesOf, type Told, toldBy } from './support/sign-in.js';

const TENANT = randomUUID();
const AZURE_CLIENT = randomUUID();

let entra: LyingIdentityProvider;
let generic: LyingIdentityProvider;
let app: TestApp;

beforeAll(async () => {
  entra = await LyingIdentityProvider.start(AZURE_CLIENT, `/${TENANT}/v2.0`);
  generic = await LyingIdentityProvider.start(CLIENT_ID);
  app = await TestApp.start(
    oidcSettings(generic.issuer, {
      TFR_AUTH_AZURE_AD_ENABLED: 'true',
      TFR_AUTH_AZURE_AD_TENANT_ID: TENANT,
      TFR_AUTH_AZURE_AD_CLIENT_ID: AZURE_CLIENT,
      TFR_AUTH_AZURE_AD_CLIENT_SECRET: CLIENT_SECRET,
      TFR_AUTH_AZURE_AD_AUTHORITY_URL: entra.origin,
      TFR_AUTH_AZURE_AD_GROUP_CLAIM_NAME: 'groups',
      TFR_AUTH_OIDC_GROUP_MAPPINGS: '[{"group":"g-1","organization":"default","role":"publisher"}]',
      TFR_AUTH_OIDC_TRUSTED_EMAIL_DOMAINS: 'contoso.test',
    }),
  );
});
afterEach(() => {
  entra.lies = {};
});
afterAll(async () => {
  await app.stop();
  await Promise.all([entra.stop(), generic.stop()]);
});

async function startWith(browser: Browser, provider: string): Promise<string> {
  return String((await browser.open(`/api/v1/auth/login?provider=${provider}`)).headers.location);
}

/** Signs somebody in with Azure AD. */
async function arrive(person: Record<string, unknown>, lies: Lies = {}): Promise<Told> {
  const browser = new Browser(app.url);
  entra.person = { tid: TENANT, name: 'Somebody', ...person };
  entra.lies = lies;
  const answer = entra.authorize(await startWith(browser, 'azuread'));
  return toldBy(await browser.open(`/api/v1/auth/callback?${answer}`));
}

describe('signing in with Azure AD', () => {
  it('takes the sign-in name as address where there is no email claim', async () => {
    expect((await arrive({ sub: 's-1', preferred_username: 'Ada@Contoso.test' })).token).toBeDefined();
    const [user] = await app.query(`SELECT email, oidc_sub FROM users WHERE oidc_sub = 's-1'`);
    expect(user).toEqual({ email: 'ada@contoso.test', oidc_sub: 's-1' });
  });

  it.each([
    ['another tenant', { tid: randomUUID() }],
    ['no tenant', { tid: undefined }],
    ['the tenant in a list', { tid: [TENANT] }],
    ['a tenant that begins alike', { tid: `${TENANT}0` }],
  ])('refuses a token of %s (B14)', async (_name, claims) => {
    const person = { sub: 's-2', email: 'bob@contoso.test', ...claims };
    expect(await arrive(person)).toEqual({ error: 'id_token_invalid' });
  });

  it('gives no roles by group when the groups are too many for the token, and takes mapped ones away (B14)', async () => {
    const person = { sub: 's-3', email: 'carol@contoso.test', groups: ['g-1'] };
    await arrive(person);
    expect(await rolesOf(app, 'carol@contoso.test')).toEqual({ default: 'publisher' });
    const overage = {
      _claim_names: { groups: 'src1' },
      _claim_sources: { src1: { endpoint: 'https://example.com' } },
    };
    expect((await arrive({ ...person, groups: undefined, ...overage })).token).toBeDefined();
    expect(await rolesOf(app, 'carol@contoso.test')).toEqual({});
    await arrive(person);
    await arrive({ ...person, ...overage });
    expect(await rolesOf(app, 'carol@contoso.test')).toEqual({});
  });

  it('joins an account by address only where the domain is trusted or the address is proven', async () => {
    await app.query(
      `INSERT INTO users (email, name) VALUES ('dora@elsewhere.test', 'D'), ('erin@contoso.test', 'E')`,
    );
    const dora = { sub: 's-4', email: 'dora@elsewhere.test' };
    expect((await arrive(dora)).error).toBe('user_creation_failed');
    expect((await arrive({ ...dora, xms_edov: true })).token).toBeDefined();
    expect((await arrive({ sub: 's-5', email: 'erin@contoso.test' })).token).toBeDefined();
  });
});

describe('two providers at once (B11)', () => {
  it('are not mixed up: a code of one is never sent to the other', async () => {
    const browser = new Browser(app.url);
    const atGeneric = new URL(await startWith(browser, 'oidc'));
    const answer = entra.authorize(atGeneric.href);
    const before = { ...entra.asked };
    expect(toldBy(await browser.open(`/api/v1/auth/callback?${answer}`)).error).toBe('token_exchange_failed');
    const again = new Browser(app.url);
    const withoutIssuer = generic.authorize(await startWith(again, 'oidc'));
    withoutIssuer.set('code', entra.authorize(await startWith(new Browser(app.url), 'azuread')).get('code')!);
    expect(toldBy(await again.open(`/api/v1/auth/callback?${withoutIssuer}`)).error).toBe(
      'token_exchange_failed',
    );
    expect(entra.asked.token).toBe(before.token);
  });

  it('do not vouch for each other: an address that is taken stays with its subject (B13)', async () => {
    await arrive({ sub: 's-6', email: 'fay@contoso.test' });
    const browser = new Browser(app.url);
    generic.person = { sub: 's-6', email: 'fay@contoso.test', email_verified: true, name: 'Not Fay' };
    const answer = generic.authorize(await startWith(browser, 'oidc'));
    expect(toldBy(await browser.open(`/api/v1/auth/callback?${answer}`)).error).toBe('user_creation_failed');
  });

  it('are both listed', async () => {
    const answer = await new Browser(app.url).open('/api/v1/auth/providers');
    expect(answer.json()['providers']).toEqual([
      { id: 'oidc', display_name: 'OIDC' },
      { id: 'azuread', display_name: 'Azure AD' },
      { id: 'local', display_name: 'Local account' },
    ]);
  });
});
