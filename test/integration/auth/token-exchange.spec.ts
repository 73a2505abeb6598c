import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PurgeUsedTokensJob } from '../../../src/auth/jobs/purge-used-tokens.job.js';
import { aModule, moduleApiPath } from '../../support/factories/module.factory.js';
import { uniqueName } from '../../support/factories/names.js';
import { aProvider, providerApiPath } from '../../support/factories/provider.factory.js';
import { CiIssuer } from '../../support/fakes/ci-issuer.js';
import { type IssuerKey, newIssuerKey } from '../../support/fakes/issuer-key.js';
import { TestApp } from '../../support/test-app.js';
import { CI_CASES, describeMutation, mutated } from './support/ci-claims.js';
import { CiPublishers, exchangeForm } from './support/ci-publishers.js';

const NO_PUBLISHER = {
  error: 'invalid_grant',
  error_description: 'No trusted publisher matches the subject token',
};
const USED = {
  error: 'invalid_grant',
  error_description: 'The subject token was used before; ask for a new one',
};
const [github, gitlab] = CI_CASES as [(typeof CI_CASES)[number], (typeof CI_CASES)[number]];
const now = () => Math.floor(Date.now() / 1000);

describe('the exchange of an identity token for a key', () => {
  let app: TestApp;
  let replica: TestApp;
  let ci: CiIssuer;
  let publishers: CiPublishers;
  /** Every signature with it is another one. */
  let elliptic: IssuerKey;

  beforeAll(async () => {
    ci = await CiIssuer.start('/_services/token');
    elliptic = await newIssuerKey('ES256');
    ci.keys.push(elliptic);
    app = await TestApp.start(ci.settings);
    replica = await app.another();
    publishers = await CiPublishers.of(app, ci);
  });
  afterAll(async () => {
    await replica?.stop();
    await app?.stop();
    await ci?.stop();
  });

  const exchange = (token: string, more: Record<string, string> = {}, at = app) =>
    at.request('/api/v1/auth/token-exchange', exchangeForm(token, more));
  const keyFor = async (token: string) =>
    (await exchange(token)).json<{ access_token: string }>().access_token;

  it('answers in the words of RFC 8693, and the key publishes where its publisher may', async () => {
    const { namespaces, sign } = await publishers.add({ namespaces: 2 });
    const answer = await exchange(await sign());
    expect(answer.status).toBe(200);
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(answer.json()).toEqual({
      access_token: expect.stringMatching(/^tfr_[\w-]{43}$/) as string,
      issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      token_type: 'Bearer',
      expires_in: 900,
      scope: 'modules:write providers:write',
    });
    const { access_token: key } = answer.json<{ access_token: string }>();
    for (const namespace of namespaces) {
      expect((await app.publishModule(aModule({ namespace }), key)).status).toBe(201);
    }
    const elsewhere = await app.publishModule(aModule({ namespace: uniqueName('elsewhere') }), key);
    expect(elsewhere.status).toBe(403);
    expect(elsewhere.json()).toMatchObject({ code: 'namespace_not_yours' });
  });

  it('writes beside a version from where it was published', async () => {
    const { namespaces, sign } = await publishers.add();
    const key = await keyFor(await sign());
    const from = {
      issuer: ci.issuer,
      repository: 'octo-org/octo-repo',
      ref: 'refs/heads/main',
      commit: 'a'.repeat(40),
      run_url: `${new URL(ci.issuer).origin}/octo-org/octo-repo/actions/runs/1234`,
    };
    const module = aModule({ namespace: namespaces[0]! });
    const provider = aProvider({ namespace: namespaces[0]! });
    expect((await app.publishModule(module, key)).status).toBe(201);
    expect((await app.publishProvider(provider, key)).status).toBe(201);
    for (const path of [moduleApiPath(module), providerApiPath(provider)]) {
      const { versions } = (await app.request(path)).json<{ versions: object[] }>();
      expect(versions).toMatchObject([
        { published_from: from, published_by_name: 'github: octo-org/octo-repo' },
      ]);
    }
    const byKey = aModule({ namespace: namespaces[0]! });
    expect((await app.publishModule(byKey)).status).toBe(201);
    const { versions } = (await app.request(moduleApiPath(byKey))).json<{ versions: object[] }>();
    expect(versions[0]).not.toHaveProperty('published_from');
  });

  it('gives a key that makes no keys, sees no organization and is in no list', async () => {
    const { sign, organizationId } = await publishers.add();
    const key = await keyFor(await sign());
    const json = { name: 'mine', organization_id: organizationId, scopes: ['modules:write'] };
    const made = await app.request('/api/v1/apikeys', { method: 'POST', key, json });
    expect(made.status).toBe(403);
    const path = `/api/v1/organizations/${organizationId}/trusted-publishers`;
    expect([403, 404]).toContain((await app.request(path, { key })).status);
    const adminKey = await app.issueKey('admin');
    const listed = await app.request('/api/v1/apikeys', { key: adminKey });
    expect(JSON.stringify(listed.json())).not.toContain(key.slice(0, 10));
  });

  it('refuses every single change of what a publisher fixes, and every unsafe trigger (A12)', async () => {
    let size = 0;
    const trusted: string[] = [];
    for (const one of [github, gitlab]) {
      const { fixed, sign } = await publishers.add({ ci: one });
      for (const change of one.mutations) {
        const [name] = change;
        const answer = await exchange(await sign({ [name]: undefined, ...mutated(one, change) }));
        size += 1;
        if (answer.status !== 400 || answer.json().error !== 'invalid_grant')
          trusted.push(`${one.kind}: ${describeMutation(change)} → ${answer.status}`);
        else if (name in fixed) expect(answer.json()).toMatchObject(NO_PUBLISHER);
      }
      expect((await exchange(await sign())).status).toBe(200);
    }
    expect(trusted).toEqual([]);
    expect(size).toBeGreaterThanOrEqual(60);
    console.info(`claim mutations refused by the exchange: ${size}`);
  });

  it('says the same for an unknown issuer as for claims that nobody trusts (A12)', async () => {
    const claims = { ...github.claims, aud: app.config.server.publicUrl, repository_id: '999999' };
    const other = await exchange(await ci.sign(claims));
    for (const iss of ['https://ci.example.com', `${ci.issuer}/`, ci.issuer.replace('https', 'HTTPS')]) {
      const unknown = await exchange(await ci.sign({ ...claims, iss }));
      expect(unknown.status).toBe(400);
      expect(unknown.json()).toEqual({ ...other.json(), request_id: unknown.json()['request_id'] });
      expect(unknown.json()).toMatchObject(NO_PUBLISHER);
    }
  });

  it('gives one key for one token, however many ask on two replicas at once (A11)', async () => {
    const { sign } = await publishers.add();
    const token = await sign();
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, index) => exchange(token, {}, index % 2 === 0 ? app : replica)),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    const refused = answers.filter(({ status }) => status === 400);
    expect(refused).toHaveLength(199);
    for (const answer of refused) expect(answer.json()).toMatchObject(USED);
  });

  it('refuses a token again until it is too old to count (A11)', async () => {
    const { sign } = await publishers.add();
    const late = await sign({}, { iat: now() - 200, exp: now() - 50 });
    expect((await exchange(late)).status).toBe(200);
    expect((await exchange(late, {}, replica)).json()).toMatchObject(USED);
    const [row] = await app.query<{ kept: boolean }>(
      `SELECT bool_and(expires_at >= now() + interval '9 seconds') AS kept FROM used_token_ids`,
    );
    expect(row!.kept).toBe(true);
    expect((await exchange(await sign({}, { iat: now() - 200, exp: now() - 62 }))).status).toBe(400);
  });

  it('knows a token without id again, also under another signature of the same key (A11)', async () => {
    const { sign } = await publishers.add();
    const claims = { jti: undefined };
    const options = { key: elliptic, iat: now() - 1, exp: now() + 100 };
    const tokens = [await sign(claims, options), await sign(claims, options)] as const;
    expect(tokens[0]).not.toBe(tokens[1]);
    expect((await exchange(tokens[0])).status).toBe(200);
    for (const token of tokens) expect((await exchange(token)).json()).toMatchObject(USED);
    const same = randomUUID();
    expect((await exchange(await sign({ jti: same }))).status).toBe(200);
    expect((await exchange(await sign({ jti: same, extra: 'x' }))).json()).toMatchObject(USED);
  });

  it('stores neither the use nor the key when the exchange fails at its end', async () => {
    const { sign } = await publishers.add();
    const token = await sign();
    const refused = await exchange(token, { scope: 'admin' });
    expect(refused.json()).toMatchObject({ error: 'invalid_scope' });
    expect((await exchange(token)).status).toBe(200);
  });

  it('cuts the scopes to those that are asked', async () => {
    const { namespaces, sign } = await publishers.add();
    const answer = await exchange(await sign(), { scope: 'modules:read providers:write' });
    const { access_token: key, scope } = answer.json<{ access_token: string; scope: string }>();
    expect(scope).toBe('modules:read providers:write');
    expect((await app.publishModule(aModule({ namespace: namespaces[0]! }), key)).status).toBe(403);
  });

  it('accepts times with a leeway of a minute and refuses everything else (B4)', async () => {
    const { sign } = await publishers.add();
    const cases: [Record<string, unknown>, object, number][] = [
      [{ nbf: now() + 30 }, {}, 200],
      [{ nbf: now() + 120 }, {}, 400],
      [{}, { iat: now() + 30 }, 200],
      [{ nbf: now() }, { iat: now() + 120 }, 400],
      [{}, { exp: now() - 30 }, 200],
      [{}, { exp: now() - 120 }, 400],
      [{}, { iat: now() - 86_400 + 60 }, 200],
      [{}, { iat: now() - 86_400 - 120 }, 400],
      [{ exp: String(now() + 300) }, {}, 400],
      [{ exp: 1e300 }, {}, 400],
      [{ exp: null }, {}, 400],
      [{ exp: undefined }, {}, 400],
      [{ iat: undefined }, {}, 400],
      [{ iat: String(now()) }, {}, 400],
      [{ nbf: 'now' }, {}, 400],
    ];
    for (const [claims, options, expected] of cases) {
      const { status } = await exchange(await sign(claims, options));
      expect(status, JSON.stringify([claims, options])).toBe(expected);
    }
  });

  it('accepts exactly its own audience (B3)', async () => {
    const { sign } = await publishers.add();
    const own = app.config.server.publicUrl;
    for (const aud of [own, [own]]) expect((await exchange(await sign({ aud }))).status).toBe(200);
    for (const aud of [
      `${own}/`,
      own.toUpperCase(),
      'sts.amazonaws.com',
      '',
      [own, 'other'],
      [],
      undefined,
      5,
      null,
    ])
      expect((await exchange(await sign({ aud }))).json(), String(aud)).toMatchObject({
        error: 'invalid_grant',
      });
  });

  it('answers malformed requests in the words of RFC 6749', async () => {
    const { sign } = await publishers.add();
    const token = await sign();
    const malformed: Record<string, string>[] = [
      { grant_type: 'authorization_code' },
      { grant_type: '' },
      { subject_token_type: 'urn:ietf:params:oauth:token-type:saml2' },
      { subject_token: '' },
      { subject_token: 'a.b' },
      { subject_token: 'tfr_abc' },
      { requested_token_type: 'urn:ietf:params:oauth:token-type:refresh_token' },
      { padding: 'x'.repeat(16 * 1024) },
    ];
    for (const fields of malformed) {
      const answer = await exchange(token, fields);
      expect(answer.status).toBe(400);
      expect(answer.json()).toMatchObject({
        error: 'invalid_request',
        error_description: expect.any(String) as string,
      });
    }
    const length = new URLSearchParams(exchangeForm(token).body as string);
    const used = [...length].reduce((sum, [name, value]) => sum + name.length + value.length, 0);
    const fits = await exchange(token, { padding: 'x'.repeat(16 * 1024 - used - 'padding'.length) });
    expect(fits.status).toBe(200);
  });

  it('forgets used tokens once they are too old to be presented again, and not before', async () => {
    const { sign } = await publishers.add();
    const token = await sign();
    expect((await exchange(token)).status).toBe(200);
    const rows = () => app.query<{ old: boolean }>('SELECT expires_at < now() AS old FROM used_token_ids');
    await app.query(
      `INSERT INTO used_token_ids (digest, expires_at) VALUES ('old', now() - interval '1 second')`,
    );
    expect((await rows()).filter(({ old }) => old)).not.toEqual([]);
    await app.get(PurgeUsedTokensJob).run();
    expect((await rows()).filter(({ old }) => old)).toEqual([]);
    expect((await exchange(token)).json()).toMatchObject(USED);
  });

  it('counts what it refuses', async () => {
    const refused = await app.metric('token_exchanges_total', { outcome: 'replay' });
    const { sign } = await publishers.add();
    const token = await sign();
    await exchange(token);
    await exchange(token);
    expect(await app.metric('token_exchanges_total', { outcome: 'replay' })).toBe(refused + 1);
    expect(await app.metric('token_exchanges_total', { outcome: 'issued' })).toBeGreaterThan(0);
  });
});
