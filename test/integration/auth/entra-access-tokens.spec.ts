import { randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { aModule } from '../../support/factories/module.factory.js';
import { uniqueName } from '../../support/factories/names.js';
import { FakeEntra } from '../../support/fakes/fake-entra.js';
import { newIssuerKey } from '../../support/fakes/issuer-key.js';
import { TestApp } from '../../support/test-app.js';

const PUBLISHERS = randomUUID();
const MAPPING = [
  { group: PUBLISHERS, organization: 'default', role: 'publisher' },
  { group: 'Registry.Admin', organization: 'default', role: 'admin' },
];
const PROTECTED = '/api/v1/apikeys';

describe('an access token of Entra ID', () => {
  let app: TestApp;
  let replica: TestApp;
  let entra: FakeEntra;
  let canary: Server;
  let canaryUrl: string;
  let canaryHits = 0;

  beforeAll(async () => {
    canary = createServer((_request, response) => {
      canaryHits += 1;
      response.end('{}');
    });
    await new Promise<void>((done) => canary.listen(0, '127.0.0.1', done));
    canaryUrl = `http://localhost:${(canary.address() as AddressInfo).port}/keys`;
    entra = await FakeEntra.start();
    app = await TestApp.start({
      ...entra.settings,
      TFR_AUTH_OIDC_GROUP_MAPPINGS: JSON.stringify(MAPPING),
      TFR_AUTH_OIDC_DEFAULT_ROLE: 'admin',
    });
    replica = await app.another();
  });
  afterAll(async () => {
    await replica?.stop();
    await app?.stop();
    await entra?.stop();
    canary?.closeAllConnections();
    await new Promise((done) => canary?.close(done));
  });

  const publish = async (key: string, at = app) =>
    (await at.publishModule(aModule({ namespace: uniqueName('entra') }), key)).status;
  const ask = async (key: string, at = app) => (await at.request(PROTECTED, { key })).status;
  const application = (more: object = {}) => entra.sign({ ...entra.applicationClaims(), ...more });

  /** Somebody who has signed in with this identity before. */
  async function aUser(role: string): Promise<{ id: string; subject: string }> {
    const subject = randomUUID();
    const [row] = await app.query<{ id: string }>(
      `INSERT INTO users (email, name, oidc_issuer, oidc_sub) VALUES ($1, 'Ada', $2, $3) RETURNING id`,
      [`${subject}@example.com`, entra.issuer, subject],
    );
    await app.query(
      `INSERT INTO memberships (organization_id, user_id, role_template_id)
       SELECT o.id, $1, r.id FROM organizations o, role_templates r WHERE o.is_default AND r.name = $2`,
      [row!.id, role],
    );
    return { id: row!.id, subject };
  }

  it('of an application acts with the roles of its groups and application roles', async () => {
    expect(await publish(await application({ groups: [PUBLISHERS] }))).toBe(201);
    expect(await publish(await application({ roles: ['Registry.Admin'] }), replica)).toBe(201);
    expect(await publish(await application({ groups: [randomUUID()] }))).toBe(403);
    expect(await publish(await application())).toBe(403);
  });

  it('makes no keys for an application, which nothing would bound', async () => {
    const key = await application({ roles: ['Registry.Admin'] });
    const json = { name: 'left behind', scopes: ['modules:read'] };
    expect((await app.request(PROTECTED, { method: 'POST', key, json })).status).toBe(403);
  });

  it('without its groups, because they are too many, has none (B14)', async () => {
    const overage = { _claim_names: { groups: 'src1' }, _claim_sources: { src1: { endpoint: canaryUrl } } };
    expect(await publish(await application({ groups: [PUBLISHERS], ...overage }))).toBe(403);
    expect(await publish(await application({ groups: [PUBLISHERS], hasgroups: true }))).toBe(403);
    expect(await publish(await application({ roles: ['Registry.Admin'], ...overage }))).toBe(201);
  });

  it('of a user acts as the user who signed in with that identity, with the rights of now', async () => {
    const { id, subject } = await aUser('publisher');
    const key = await entra.sign({ ...entra.userClaims(subject), groups: [] });
    expect(await publish(key)).toBe(201);
    const me = await app.request('/api/v1/auth/me', { key });
    expect(me.json()).toMatchObject({ user: { id } });
    await app.query(
      `UPDATE memberships SET role_template_id = (SELECT id FROM role_templates WHERE name = 'viewer') WHERE user_id = $1`,
      [id],
    );
    await vi.waitFor(async () => expect(await publish(key)).toBe(403), 5_000);
    await app.query('UPDATE users SET is_active = false WHERE id = $1', [id]);
    await vi.waitFor(async () => expect(await ask(key)).toBe(401), 5_000);
  });

  it('makes nobody a user, and joins nobody by address (B13)', async () => {
    const { subject } = await aUser('admin');
    const claims = {
      ...entra.userClaims(),
      email: `${subject}@example.com`,
      xms_edov: true,
      groups: [PUBLISHERS],
    };
    const [before] = await app.query<{ count: string }>('SELECT count(*) FROM users');
    expect(await ask(await entra.sign(claims))).toBe(401);
    expect((await app.query<{ count: string }>('SELECT count(*) FROM users'))[0]).toEqual(before);
  });

  it('counts in both versions and for every configured audience', async () => {
    const more = { groups: [PUBLISHERS] };
    for (const aud of [entra.clientId, `api://${entra.clientId}`])
      expect(await publish(await application({ ...more, aud }))).toBe(201);
    const v1 = { iss: entra.v1Issuer, ver: '1.0', azp: undefined, appid: randomUUID() };
    expect(await publish(await application({ ...more, ...v1 }))).toBe(201);
  });

  it('of anybody else, for anybody else or of another time is refused (B1 to B4, B14)', async () => {
    const now = Math.floor(Date.now() / 1000);
    const other = randomUUID();
    const stranger = await newIssuerKey('RS256', entra.currentKey.kid);
    const mapped = () => ({ ...entra.applicationClaims(), groups: [PUBLISHERS] });
    const user = { ...entra.userClaims((await aUser('publisher')).subject) };
    const changes: object[] = [
      { tid: other },
      { tid: undefined },
      { tid: [entra.tenantId] },
      { iss: entra.issuer.replace(entra.tenantId, other) },
      { iss: entra.issuer.replace(entra.tenantId, other), tid: other },
      { iss: entra.v1Issuer.replace(entra.tenantId, other) },
      { iss: entra.v1Issuer.slice(0, -1) },
      { iss: `${entra.issuer}/` },
      { iss: entra.issuer.replace('https', 'http') },
      { iss: `https://login.example.com/${entra.tenantId}/v2.0` },
      { iss: [entra.issuer] },
      { aud: other },
      { aud: `spn:${entra.clientId}` },
      { aud: `${entra.clientId}/` },
      { aud: [entra.clientId, other] },
      { aud: undefined },
      { exp: now - 120 },
      { exp: String(now + 60) },
      { exp: undefined },
      { nbf: now + 120 },
      { nbf: String(now) },
      { iat: undefined },
      { iat: String(now) },
      { azp: undefined },
      { nonce: 'n' },
      { idtyp: undefined, sub: other },
      { idtyp: 'user' },
      { sub: undefined },
      { oid: undefined },
    ];
    const headers: Record<string, unknown>[] = [
      { kid: other, x5t: other },
      { kid: undefined },
      { x5t: other },
      { jku: canaryUrl },
      { x5u: canaryUrl },
      { jwk: stranger.publicJwk },
      { kid: '../../keys', x5t: '../../keys' },
    ];
    const tokens = await Promise.all([
      ...changes.map((change) => entra.sign({ ...mapped(), ...change })),
      ...headers.map((header) => entra.sign(mapped(), header)),
      ...headers.map((header) => entra.sign(mapped(), header, stranger)),
      entra.sign(mapped(), {}, stranger),
      entra.sign({ ...user, scp: undefined }),
      entra.sign({ ...user, tid: other }),
    ]);
    const [head, body, signature] = (await entra.sign(mapped())).split('.') as [string, string, string];
    const none = Buffer.from(JSON.stringify({ alg: 'none', kid: entra.currentKey.kid })).toString(
      'base64url',
    );
    tokens.push(`${none}.${body}.${signature}`, `${head}.${body}.AAAA`, `${head}.${body}.${signature}A`);
    const accepted: string[] = [];
    for (const token of tokens) {
      if ((await ask(token)) !== 401)
        accepted.push(Buffer.from(token.split('.')[1]!, 'base64url').toString());
    }
    expect(accepted).toEqual([]);
    expect(canaryHits).toBe(0);
    expect(await ask(await entra.sign(mapped()))).toBe(200);
    console.info(`access tokens of Entra ID refused: ${tokens.length}`);
  });

  it('does not make the keys be read again, whatever key it names (B5)', async () => {
    expect(await ask(await application())).not.toBe(401);
    const before = entra.asked.length;
    const tokens = await Promise.all(
      Array.from({ length: 200 }, () => {
        const kid = randomUUID();
        return entra.sign(entra.applicationClaims(), { kid, x5t: kid });
      }),
    );
    for (const status of await Promise.all(tokens.map((token) => ask(token)))) expect(status).toBe(401);
    expect(entra.asked.length - before).toBeLessThanOrEqual(1);
  });

  it.each([
    ['an error page', { status: 503, body: '<html>Service unavailable' }],
    ['a page of a proxy', { status: 200, body: '<html>Please sign in' }],
  ])('is nothing to other credentials while Entra ID answers with %s', async (_, failure) => {
    const down = await FakeEntra.start();
    down.failure = failure;
    const other = await TestApp.start(down.settings);
    const key = await other.issueKey('admin');
    expect(await ask(await down.sign(down.applicationClaims()), other)).toBe(401);
    expect(down.asked).toHaveLength(1);
    expect(await ask(key, other)).toBe(200);
    await other.stop();
    await down.stop();
  });

  it('is no credential unless that is switched on', async () => {
    const off = await TestApp.start({ ...entra.settings, TFR_AUTH_AZURE_AD_ACCEPT_ACCESS_TOKENS: 'false' });
    const before = entra.asked.length;
    expect(await ask(await application({ groups: [PUBLISHERS] }), off)).toBe(401);
    expect(entra.asked).toHaveLength(before);
    await off.stop();
  });
});
