import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { IdentitySettings, type IdentityInput } from '../../../src/auth/identity-settings.service.js';
import { InvalidInput } from '../../../src/kernel/invalid-input.js';
import { Browser } from '../../support/browser.js';
import { type Lies, LyingIdentityProvider } from '../../support/fakes/identity-provider-liar.js';
import { TestApp } from '../../support/test-app.js';
import { CALLBACK, CLIENT_ID, CLIENT_SECRET, oidcSettings, rolesOf, toldBy } from './support/sign-in.js';

const FILE_ID = '00000000-0000-0000-0000-000000000000';
const CONFIG = '/api/v1/admin/oidc/config';
const MAPPING = '/api/v1/admin/oidc/group-mapping';

let ofFile: LyingIdentityProvider;
let stored: LyingIdentityProvider;
let app: TestApp;
let admin: string;

beforeAll(async () => {
  ofFile = await LyingIdentityProvider.start(CLIENT_ID);
  stored = await LyingIdentityProvider.start('wizard');
  app = await TestApp.start(oidcSettings(ofFile.issuer));
  admin = await app.issueKey('admin');
});
afterAll(async () => {
  await app.stop();
  await Promise.all([ofFile.stop(), stored.stop()]);
});

const input = (more: Partial<IdentityInput> = {}): IdentityInput => ({
  providerType: 'generic_oidc',
  issuerUrl: stored.issuer,
  clientId: 'wizard',
  clientSecret: 'test-only-canary-of-the-wizard',
  redirectUrl: CALLBACK,
  ...more,
});

const putMapping = (json: unknown, key = admin) => app.request(MAPPING, { method: 'PUT', json, key });

describe('testing an identity provider', () => {
  const document = (change: (document: Record<string, unknown>) => Record<string, unknown>): Lies => ({
    discovery: change,
  });
  const cases: [string, boolean, Lies][] = [
    ['an honest one', true, {}],
    [
      'an issuer that ends in a slash',
      true,
      document((one) => ({ ...one, issuer: `${String(one['issuer'])}/` })),
    ],
    ['another issuer', false, document((one) => ({ ...one, issuer: 'https://evil.example.com' }))],
    ['an issuer below', false, document((one) => ({ ...one, issuer: `${String(one['issuer'])}/tenant` }))],
    ['no issuer', false, document(({ issuer: _, ...rest }) => rest)],
    ['no token endpoint', false, document(({ token_endpoint: _, ...rest }) => rest)],
    ['no keys', false, document(({ jwks_uri: _, ...rest }) => rest)],
    [
      'a script as sign-in page',
      false,
      document((one) => ({ ...one, authorization_endpoint: 'javascript:alert(1)' })),
    ],
    ['a list', false, { answers: { discovery: (response) => void response.end('[]') } }],
    ['HTML', false, { answers: { discovery: (response) => void response.end('<html>') } }],
    ['an error', false, { answers: { discovery: (response) => void response.writeHead(404).end() } }],
    [
      'a redirect to a private address',
      false,
      {
        answers: {
          discovery: (response) => void response.writeHead(302, { location: 'http://10.0.0.1/' }).end(),
        },
      },
    ],
    [
      'more than a document',
      false,
      { answers: { discovery: (response) => void response.end('x'.repeat(2_000_000)) } },
    ],
  ];

  it.each(cases)('%s: %s', async (_name, success, lies) => {
    stored.lies = lies;
    const result = await app.get(IdentitySettings).test(input());
    stored.lies = {};
    expect(result).toMatchObject({
      success,
      ...(success && { issuer: expect.stringContaining(stored.issuer) }),
    });
    expect(result.message).not.toMatch(/10\.0\.0\.1|evil|html/i);
  });

  it('asks nobody at a private address that is not allowed', async () => {
    const result = await app.get(IdentitySettings).test(input({ issuerUrl: 'https://10.0.0.1' }));
    expect(result.success).toBe(false);
  });

  it.each<[string, Partial<IdentityInput>, string]>([
    ['http elsewhere', { issuerUrl: 'http://idp.example.com' }, 'issuer_url'],
    ['no address', { issuerUrl: 'idp' }, 'issuer_url'],
    ['a query', { issuerUrl: 'https://idp.example.com?a=b' }, 'issuer_url'],
    [
      'the page of the web client as callback',
      { redirectUrl: 'https://x.example.com/auth/callback' },
      'redirect_url',
    ],
    ['no client', { clientId: ' ' }, 'client_id'],
    ['no openid', { scopes: ['email'] }, 'scopes'],
    ['no secret', { clientSecret: '' }, 'client_secret'],
  ])('refuses to store %s', async (_name, change, field) => {
    const error: unknown = await app
      .get(IdentitySettings)
      .store(input(change))
      .catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(InvalidInput);
    expect(Object.keys((error as InvalidInput).facts.fields!)).toEqual([field]);
  });
});

describe('the configuration of the file', () => {
  it('is shown under the nil id and never with its secret', async () => {
    const answer = await app.request(CONFIG, { key: admin });
    expect(answer.status).toBe(200);
    expect(answer.json()).toMatchObject({
      id: FILE_ID,
      name: 'default',
      provider_type: 'generic_oidc',
      issuer_url: ofFile.issuer,
      client_id: CLIENT_ID,
      redirect_url: CALLBACK,
      scopes: ['openid', 'email', 'profile'],
      is_active: true,
    });
    expect(answer.body.toString()).not.toContain(CLIENT_SECRET);
  });

  it('is for platform administrators only', async () => {
    const key = await app.issueKey('audit:read,organizations:write');
    for (const path of [CONFIG, MAPPING]) {
      const method = path === CONFIG ? 'GET' : 'PUT';
      expect((await app.request(path, { method })).status).toBe(401);
      expect((await app.request(path, { method, key })).status).toBe(403);
    }
  });
});

describe('the group mapping', () => {
  const good = {
    group_claim_name: 'realm.groups',
    group_mappings: [{ group: 'ops', organization: 'default', role: 'owner' }],
    default_role: 'viewer',
  };

  it('is stored, shown, and used at the next sign-in', async () => {
    const answer = await putMapping(good);
    expect(answer.status, answer.body.toString()).toBe(200);
    expect(answer.json()).toMatchObject(good);
    const signIn = async (groups: string[]) => {
      ofFile.person = { sub: 'max', email: 'max@example.com', email_verified: true, realm: { groups } };
      const browser = new Browser(app.url);
      const { headers } = await browser.open('/api/v1/auth/login');
      const back = ofFile.authorize(String(headers.location));
      expect(toldBy(await browser.open(`/api/v1/auth/callback?${back}`)).token).toBeDefined();
      return rolesOf(app, 'max@example.com');
    };
    expect(await signIn([])).toEqual({ default: 'viewer' });
    expect(await signIn(['ops'])).toEqual({ default: 'owner' });
  });

  it.each([
    [
      'an unknown organization',
      { group_mappings: [{ group: 'a', organization: 'nowhere', role: 'viewer' }] },
    ],
    ['an unknown template', { group_mappings: [{ group: 'a', organization: 'default', role: 'king' }] }],
    ['a mapping twice', { group_mappings: [...good.group_mappings, ...good.group_mappings] }],
    ['an unknown default role', { default_role: 'king' }],
    ['no list', { group_mappings: 'a' }],
    ['a mapping without group', { group_mappings: [{ organization: 'default', role: 'viewer' }] }],
    ['a claim that is too long', { group_claim_name: 'a'.repeat(256) }],
  ])('refuses %s', async (_name, change) => {
    expect((await putMapping({ ...good, ...change })).status).toBe(400);
    expect((await app.request(CONFIG, { key: admin })).json()).toMatchObject(good);
  });

  it('is cleared by empty values', async () => {
    const answer = await putMapping({ group_claim_name: '', group_mappings: [], default_role: '' });
    expect(answer.status).toBe(200);
    for (const name of Object.keys(good)) expect(answer.json()).not.toHaveProperty(name);
    await putMapping(good);
  });
});

describe('a stored configuration', () => {
  it('wins over the file at once, on every replica, and its secret is sealed for its row (J1)', async () => {
    const other = await app.another();
    try {
      const issuerAt = async (url: string) =>
        new URL(String((await new Browser(url).open('/api/v1/auth/login')).headers.location)).origin;
      expect(await issuerAt(other.url)).toBe(ofFile.origin);
      const { id } = await app.get(IdentitySettings).store(input({ name: 'Wizard' }));
      expect(await issuerAt(app.url)).toBe(stored.origin);
      await expect.poll(() => issuerAt(other.url), { timeout: 5_000 }).toBe(stored.origin);
      const [row] = await app.query<{ client_secret: Buffer }>(
        `SELECT client_secret FROM identity_settings WHERE id = $1`,
        [id],
      );
      expect(row!.client_secret.toString('latin1')).not.toContain('canary');
      const records = await app.query(`SELECT * FROM audit_entries WHERE resource_id = $1`, [id]);
      expect(records).toHaveLength(1);
      expect(JSON.stringify(records)).not.toContain('canary');
    } finally {
      await other.stop();
    }
  });

  it('is the only active one, keeps an unknown secret that is sent as empty, and has a mapping of its own', async () => {
    const settings = app.get(IdentitySettings);
    const again = await settings.store(input({ clientSecret: '' }));
    const rows = await app.query(`SELECT id FROM identity_settings WHERE is_active`);
    expect(rows).toEqual([{ id: again.id }]);
    expect((await settings.active('oidc'))?.clientSecret).toBe('test-only-canary-of-the-wizard');
    expect((await app.request(CONFIG, { key: admin })).json()).not.toHaveProperty('group_mappings');
  });

  it('ends the sign-ins that began with the one before', async () => {
    const browser = new Browser(app.url);
    const { headers } = await browser.open('/api/v1/auth/login');
    const back = stored.authorize(String(headers.location));
    await app.get(IdentitySettings).store(input());
    expect(toldBy(await browser.open(`/api/v1/auth/callback?${back}`)).error).toBe('provider_not_configured');
  });

  it('leaves one active when twenty are stored at once', async () => {
    await Promise.all(
      Array.from({ length: 20 }, (_, n) => app.get(IdentitySettings).store(input({ name: `n${n}` }))),
    );
    expect(await app.query(`SELECT id FROM identity_settings WHERE is_active`)).toHaveLength(1);
  });
});
