import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { aModule } from '../../support/factories/module.factory.js';
import { uniqueName } from '../../support/factories/names.js';
import { CiIssuer } from '../../support/fakes/ci-issuer.js';
import { TestApp } from '../../support/test-app.js';
import { CI_CASES, type CiCase } from './support/ci-claims.js';
import { CiPublishers, exchangeForm } from './support/ci-publishers.js';

interface Publisher {
  id: string;
  namespaces: string[];
}

const ABSENT_ID = '11111111-1111-4111-8111-111111111111';
const [github, , azuredevops] = CI_CASES as [CiCase, CiCase, CiCase];

describe('/api/v1/organizations/{id}/trusted-publishers', () => {
  let app: TestApp;
  let replica: TestApp;
  let ci: CiIssuer;
  let publishers: CiPublishers;
  let acme: string;
  let globex: string;
  let adminKey: string;
  let acmeKey: string;

  beforeAll(async () => {
    ci = await CiIssuer.start();
    app = await TestApp.start({
      ...ci.settings,
      TFR_MULTI_TENANCY_ENABLED: 'true',
      TFR_AUTH_ANONYMOUS_READ: 'true',
    });
    replica = await app.another();
    publishers = await CiPublishers.of(app, ci);
    [acme, globex] = [await app.addOrganization('acme'), await app.addOrganization('globex')];
    adminKey = await app.issueKey('admin');
    acmeKey = await app.issueKey('admin', acme);
  });
  afterAll(async () => {
    await replica?.stop();
    await app?.stop();
    await ci?.stop();
  });

  const pathOf = (organizationId: string) => `/api/v1/organizations/${organizationId}/trusted-publishers`;
  const input = (given: object = {}) => ({
    issuer: ci.issuer,
    subject_kind: 'github',
    claims: github.fixed,
    namespaces: [uniqueName('own')],
    scopes: ['modules:write'],
    ...given,
  });
  const create = (json: object, organizationId = acme, key = acmeKey) =>
    app.request(pathOf(organizationId), { method: 'POST', key, json });
  const remove = (id: string, organizationId = acme, key = acmeKey) =>
    app.request(`${pathOf(organizationId)}/${id}`, { method: 'DELETE', key });
  const list = async (organizationId = acme) =>
    (await app.request(pathOf(organizationId), { key: adminKey })).json<{ trusted_publishers: Publisher[] }>()
      .trusted_publishers;
  const exchange = (token: string, more: Record<string, string> = {}) =>
    app.request('/api/v1/auth/token-exchange', exchangeForm(token, more));
  const keyFor = async (token: string, more: Record<string, string> = {}) => {
    const answer = await exchange(token, more);
    expect(answer.status, answer.body.toString()).toBe(200);
    return answer.json<{ access_token: string }>().access_token;
  };
  const publish = async (namespace: string, key: string, at = app) =>
    (await at.publishModule(aModule({ namespace }), key)).status;
  const move = (namespace: string, organizationId: string) =>
    app.request(`/api/v1/namespaces/${namespace}`, {
      method: 'PUT',
      key: adminKey,
      json: { organization_id: organizationId },
    });

  it('makes, lists and deletes publishers', async () => {
    const json = input({ claims: { ...github.fixed, ref: 'refs/tags/v*' } });
    const made = await create(json);
    expect(made.status).toBe(201);
    const shown = {
      ...json,
      id: expect.any(String) as string,
      organization_id: acme,
      created_at: expect.stringMatching(/^\d{4}-.*Z$/) as string,
    };
    expect(made.json()).toEqual(shown);
    expect((await list()).at(-1)).toEqual(made.json());
    expect(await list(globex)).toEqual([]);
    const { id } = made.json<Publisher>();
    expect((await remove(id)).status).toBe(204);
    expect((await remove(id)).status).toBe(404);
    expect((await list()).map((one) => one.id)).not.toContain(id);
  });

  it('records who made and deleted one', async () => {
    const { id } = (await create(input())).json<Publisher>();
    await remove(id);
    const rows = await app.query<{ action: string }>(
      `SELECT action FROM audit_entries WHERE resource_type = 'api_key' AND resource_id = $1 ORDER BY chain_seq`,
      [id],
    );
    expect(rows.map(({ action }) => action)).toEqual([
      'POST /api/v1/organizations/:id/trusted-publishers',
      'DELETE /api/v1/organizations/:id/trusted-publishers/:publisher_id',
    ]);
  });

  it.each<[string, object, string]>([
    ['an issuer without TLS', { issuer: 'http://ci.example.com' }, 'issuer'],
    ['an issuer with a query', { issuer: 'https://ci.example.com/?a=1' }, 'issuer'],
    ['an issuer with a user', { issuer: 'https://u:p@ci.example.com' }, 'issuer'],
    ['an issuer in upper case', { issuer: 'https://CI.example.com' }, 'issuer'],
    ['an issuer with the usual port', { issuer: 'https://ci.example.com:443' }, 'issuer'],
    ['an issuer with dots in its path', { issuer: 'https://ci.example.com/a/../b' }, 'issuer'],
    ['no address', { issuer: 'ci.example.com' }, 'issuer'],
    ['an unknown kind', { subject_kind: 'jenkins' }, 'subject_kind'],
    ['GitLab as a generic issuer', { issuer: 'https://gitlab.com', subject_kind: 'generic' }, 'issuer'],
    ['Azure DevOps elsewhere', { subject_kind: 'azuredevops', claims: azuredevops.fixed }, 'issuer'],
    ['a whole repository', { claims: { repository_id: '1', repository_owner_id: '2' } }, 'claims'],
    ['a claim that is no text', { claims: { ...github.fixed, repository_id: 74 } }, 'claims'],
    ['no namespace', { namespaces: [] }, 'namespaces'],
    ['no scope', { scopes: [] }, 'scopes'],
    ['a scope over keys', { scopes: ['modules:write', 'api_keys:manage'] }, 'scopes'],
    ['admin', { scopes: ['admin'] }, 'scopes'],
  ])('refuses %s', async (_, given, field) => {
    const answer = await create(input(given));
    expect(answer.status).toBe(400);
    expect(Object.keys(answer.json<{ fields: object }>().fields)).toEqual([field]);
  });

  it('takes only namespaces that the organization owns or could claim', async () => {
    const foreign = uniqueName('globex-owned');
    const globexKey = await app.issueKey('modules:write', globex);
    expect(await publish(foreign, globexKey)).toBe(201);
    for (const namespace of [
      foreign,
      foreign.toUpperCase(),
      foreign.replaceAll('-', '_'),
      'globex',
      'GLOBEX',
    ])
      expect((await create(input({ namespaces: [namespace] }))).status, namespace).toBe(403);
    expect((await create(input({ namespaces: [uniqueName('free'), foreign] }))).status).toBe(403);
    expect((await create(input({ namespaces: ['search'] }))).status).toBe(400);
    expect((await create(input({ namespaces: ['acme'] }))).status).toBe(201);
  });

  it('is for administrators of the organization (C1)', async () => {
    const { id } = (await create(input())).json<Publisher>();
    const globexKey = await app.issueKey('admin', globex);
    const readerKey = await app.issueKey('organizations:read,modules:write', acme);
    const tries = [
      [undefined, 401],
      [readerKey, 403],
      [globexKey, 404],
    ] as const;
    for (const [key, expected] of tries) {
      expect((await app.request(pathOf(acme), { key })).status).toBe(expected);
      expect((await app.request(pathOf(acme), { method: 'POST', key, json: input() })).status).toBe(expected);
      expect((await app.request(`${pathOf(acme)}/${id}`, { method: 'DELETE', key })).status).toBe(expected);
    }
    expect((await remove(id, globex, globexKey)).status).toBe(404);
    expect((await remove(ABSENT_ID)).status).toBe(404);
    expect((await remove('1')).status).toBe(400);
    expect((await app.request(pathOf('1'), { key: adminKey })).status).toBe(400);
    expect((await remove(id)).status).toBe(204);
  });

  it('ends the tokens of a publisher that is deleted, on every replica (A6)', async () => {
    const publisher = await publishers.add({ organizationId: acme });
    const [namespace] = publisher.namespaces as [string];
    const key = await keyFor(await publisher.sign());
    expect(await publish(namespace, key)).toBe(201);
    expect(await publish(namespace, key, replica)).toBe(201);
    await publishers.remove(publisher);
    const since = performance.now();
    await vi.waitFor(async () => {
      for (const at of [app, replica]) expect(await publish(namespace, key, at)).toBe(401);
    }, 5_000);
    console.info(
      `token of a deleted publisher dead on two replicas after ${Math.round(performance.now() - since)} ms`,
    );
    expect((await exchange(await publisher.sign())).status).toBe(400);
  });

  it('takes a namespace that moves away from its publishers and their tokens (C11)', async () => {
    const publisher = await publishers.add({ organizationId: acme, namespaces: 2 });
    const [moved, kept] = publisher.namespaces as [string, string];
    const key = await keyFor(await publisher.sign());
    expect(await publish(moved, key)).toBe(201);
    expect(await publish(kept, key)).toBe(201);
    expect((await move(moved, globex)).status).toBe(200);
    await vi.waitFor(async () => {
      for (const at of [app, replica]) expect(await publish(moved, key, at)).toBe(403);
    }, 5_000);
    expect(await publish(kept, key, replica)).toBe(201);
    expect((await list()).find(({ id }) => id === publisher.id)?.namespaces).toEqual([kept]);
    const next = await keyFor(await publisher.sign());
    expect(await publish(moved, next)).toBe(403);
    expect(await publish(kept, next)).toBe(201);
    expect((await move(moved, acme)).status).toBe(200);
    await vi.waitFor(async () => expect(await publish(moved, acmeKey, replica)).toBe(201), 5_000);
    expect(await publish(moved, next)).toBe(403);
  });

  it('ends a publisher whose last namespace moves away, and leaves those of the new owner (C11)', async () => {
    const publisher = await publishers.add({ organizationId: acme });
    const [namespace] = publisher.namespaces as [string];
    const key = await keyFor(await publisher.sign());
    expect(await publish(namespace, key)).toBe(201);
    expect((await move(namespace, globex)).status).toBe(200);
    const globexKey = await app.issueKey('admin', globex);
    const heir = await create(input({ namespaces: [namespace] }), globex, globexKey);
    expect(heir.status).toBe(201);
    await vi.waitFor(async () => {
      for (const at of [app, replica]) expect(await publish(namespace, key, at)).toBe(401);
    }, 5_000);
    expect((await list()).map(({ id }) => id)).not.toContain(publisher.id);
    expect((await exchange(await publisher.sign())).status).toBe(400);
    expect((await move(namespace, globex)).status).toBe(200);
    expect((await list(globex)).map(({ id }) => id)).toContain(heir.json<Publisher>().id);
    await remove(heir.json<Publisher>().id, globex, globexKey);
  });

  it('lets a pipeline that two organizations trust name the one it means', async () => {
    const first = await publishers.add({ organizationId: acme });
    const second = await create(
      input({ claims: first.fixed, namespaces: [uniqueName('globex-own')] }),
      globex,
      adminKey,
    );
    expect(second.status).toBe(201);
    const [namespace] = second.json<Publisher>().namespaces as [string];
    expect(await publish(namespace, await keyFor(await first.sign()))).toBe(403);
    for (const audience of [globex, 'globex'])
      expect(await publish(namespace, await keyFor(await first.sign(), { audience }))).toBe(201);
    const nobody = await exchange(await first.sign(), { audience: 'initech' });
    expect(nobody.json()).toMatchObject({ error: 'invalid_grant' });
  });

  it('ends with its organization', async () => {
    const shortLived = await app.addOrganization(uniqueName('short-lived'));
    const publisher = await publishers.add({ organizationId: shortLived });
    const key = await keyFor(await publisher.sign());
    const deleted = await app.request(`/api/v1/organizations/${shortLived}`, {
      method: 'DELETE',
      key: adminKey,
    });
    expect(deleted.status).toBeLessThan(300);
    await vi.waitFor(async () => expect(await publish(publisher.namespaces[0]!, key)).toBe(401), 5_000);
    expect((await exchange(await publisher.sign())).status).toBe(400);
  });
});

describe('the settings of the exchange', () => {
  let ci: CiIssuer;
  beforeAll(async () => {
    ci = await CiIssuer.start();
  });
  afterAll(() => ci?.stop());

  it('say how long a token lives and which audience it must carry', async () => {
    const app = await TestApp.start({
      ...ci.settings,
      TFR_AUTH_TOKEN_EXCHANGE_TTL: '1s',
      TFR_AUTH_TOKEN_EXCHANGE_AUDIENCE: 'api://registry',
    });
    const { sign, namespaces } = await (await CiPublishers.of(app, ci)).add();
    const send = (token: string) => app.request('/api/v1/auth/token-exchange', exchangeForm(token));
    expect((await send(await sign({ aud: app.config.server.publicUrl }))).status).toBe(400);
    const { access_token: key, expires_in: seconds } = (
      await send(await sign({ aud: 'api://registry' }))
    ).json<{
      access_token: string;
      expires_in: number;
    }>();
    expect(seconds).toBe(1);
    await vi.waitFor(async () => {
      const answer = await app.publishModule(aModule({ namespace: namespaces[0]! }), key);
      expect(answer.json()).toMatchObject({ error: 'API key has expired' });
    }, 10_000);
    await app.stop();
  });

  it('switch it off', async () => {
    const app = await TestApp.start({ ...ci.settings, TFR_AUTH_TOKEN_EXCHANGE_ENABLED: 'false' });
    const { sign } = await (await CiPublishers.of(app, ci)).add();
    const before = ci.asked.length;
    const answer = await app.request('/api/v1/auth/token-exchange', exchangeForm(await sign()));
    expect(answer.status).toBe(400);
    expect(answer.json()).toMatchObject({ error: 'invalid_request' });
    expect(ci.asked).toHaveLength(before);
    await app.stop();
  });
});
