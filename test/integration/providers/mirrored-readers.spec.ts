import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Principal } from '../../../src/access/principal.js';
import { OrgAccess } from '../../../src/orgs/org-access.service.js';
import { StatementCounter } from '../../../src/platform/database/statement-counter.js';
import { ReadDecisions } from '../../../src/platform/documents/read-decisions.js';
import { aProvider } from '../../support/factories/provider.factory.js';
import { uniqueName } from '../../support/factories/names.js';
import { mirrorPath, mirrorRelease, UPSTREAM_HOST } from '../../support/mirrored-release.js';
import { TestApp } from '../../support/test-app.js';
import { addPerson, Browser, defaultOrganizationOf } from '../auth/support/browser.js';
import { comparable } from '../routes/support/expectations.js';

const pathsOf = (type: string, host = UPSTREAM_HOST): string[] => [
  `${mirrorPath({ type, host })}/index.json`,
  `${mirrorPath({ type, host })}/1.0.0.json`,
  `/v1/providers/hashicorp/${type}/versions`,
  `/v1/providers/hashicorp/${type}/1.0.0/download/linux/amd64`,
  `/v1/providers/hashicorp/${type}`,
  `/v1/providers/hashicorp/${type}/1.0.0`,
  `/api/v1/providers/hashicorp/${type}`,
  `/v2/providers/hashicorp/${type}/downloads/summary`,
];

describe.each([
  ['an open server', true],
  ['a private server', false],
])('who reads mirrored providers on %s', (_, anonymousRead) => {
  let app: TestApp;
  let replica: TestApp;
  let admin: Browser;
  let platform: string;
  let tenant: string;
  let keys: Record<'tenant' | 'other' | 'scm' | 'platform', string>;

  beforeAll(async () => {
    app = await TestApp.start({
      TFR_MULTI_TENANCY_ENABLED: 'true',
      TFR_AUTH_ANONYMOUS_READ: String(anonymousRead),
      TFR_SECURITY_RATE_LIMITING_ENABLED: 'false',
    });
    replica = await app.another();
    platform = await defaultOrganizationOf(app);
    admin = await Browser.signIn(app, await addPerson(app, { [platform]: 'admin' }));
    tenant = await app.addOrganization('tenant', 'private');
    const other = await app.addOrganization('other', 'private');
    keys = {
      tenant: await app.issueKey('providers:read', tenant),
      other: await app.issueKey('providers:read', other),
      scm: await app.issueKey('scm:read', other),
      platform: await app.issueKey('providers:read', platform),
    };
  });
  afterAll(async () => {
    await replica?.stop();
    await app?.stop();
  });

  const closed = anonymousRead ? 404 : 401;
  const statusesOf = async (type: string, key?: string, at = app): Promise<number[]> => {
    const statuses = new Set<number>();
    for (const lean of [true, true, false])
      for (const path of pathsOf(type))
        statuses.add((await at.request(path, { lean, ...(key && { key }) })).status);
    return [...statuses];
  };
  const finds = async (type: string, key?: string): Promise<boolean> => {
    const answer = await app.request(`/api/v1/providers/search?q=${type}`, key ? { key } : {});
    return answer.status === 200 && answer.json<{ providers: object[] }>().providers.length > 0;
  };
  const setVisibility = async (id: string, visibility: 'private' | 'public' | null) => {
    const options = { method: 'PUT', json: { visibility }, proof: 'handle' } as const;
    expect((await admin.request(`/api/v1/organizations/${id}`, options)).status).toBe(200);
  };

  it('everybody who may read anything reads what is for all, whatever the default organization shows', async () => {
    const type = uniqueName('shared');
    await mirrorRelease(app, { type });
    for (const visibility of ['private', 'public', null] as const) {
      await setVisibility(platform, visibility);
      const expected = {
        tenant: [200],
        other: [200],
        platform: [200],
        scm: anonymousRead ? [200] : [404],
        nobody: anonymousRead ? [200] : [401],
      };
      const seen = {
        tenant: await statusesOf(type, keys.tenant),
        other: await statusesOf(type, keys.other),
        platform: await statusesOf(type, keys.platform),
        scm: await statusesOf(type, keys.scm),
        nobody: await statusesOf(type),
      };
      expect([visibility, seen]).toEqual([visibility, expected]);
      expect([await finds(type, keys.other), await finds(type)]).toEqual([true, anonymousRead]);
    }
  });

  it('a token that is confined to namespaces reads none of them on a private server', async () => {
    const type = uniqueName('shared');
    await mirrorRelease(app, { type });
    const authority = {
      isPlatformAdmin: false,
      organizations: new Map([[platform, ['providers:read']]]),
      shared: undefined,
    };
    const confined = { kind: 'api-key', namespaces: ['hashicorp'], authority } as unknown as Principal;
    const asked = [
      { namespace: 'hashicorp', type },
      { namespace: 'hashicorp', type, host: UPSTREAM_HOST },
    ];
    for (const one of asked) {
      const { value } = await app.get(OrgAccess).datedProviderDecision(confined, one, 'providers:read');
      expect(value).toBe(anonymousRead ? 'allowed' : 'absent');
    }
  });

  it('what an organization mirrors is for its readers, and follows its visibility in every process', async () => {
    const type = uniqueName('owned');
    await mirrorRelease(app, { type, organizationId: tenant });
    const everybody = async (at: TestApp) => [
      await statusesOf(type, keys.tenant, at),
      await statusesOf(type, keys.other, at),
      await statusesOf(type, undefined, at),
    ];
    const hidden = [[200], [404], [closed]];
    for (const at of [app, replica]) expect(await everybody(at)).toEqual(hidden);
    expect([await finds(type, keys.tenant), await finds(type, keys.other), await finds(type)]).toEqual([
      true,
      false,
      false,
    ]);
    await setVisibility(tenant, 'public');
    expect(await everybody(app)).toEqual([[200], [200], [200]]);
    await expect.poll(() => everybody(replica), { timeout: 15_000 }).toEqual([[200], [200], [200]]);
    expect([await finds(type, keys.other), await finds(type)]).toEqual([true, anonymousRead]);
    await setVisibility(tenant, 'private');
    expect(await everybody(app)).toEqual(hidden);
    await expect.poll(() => everybody(replica), { timeout: 15_000 }).toEqual(hidden);
    expect([await finds(type, keys.other), await finds(type)]).toEqual([false, false]);
  });

  it('whoever may not read one sees what an address shows that nobody has', async () => {
    const [here, nowhere] = [uniqueName('hidden'), uniqueName('absent')];
    await mirrorRelease(app, { type: here, organizationId: tenant });
    for (const key of [undefined, 'nonsense', keys.other, keys.scm])
      for (const lean of [true, false])
        for (const [index, path] of pathsOf(here).entries()) {
          const [present, missing] = [path, pathsOf(nowhere)[index]!].map((one) =>
            app.request(one, { lean, ...(key && { key }) }),
          );
          const text = JSON.stringify(comparable(await present!)).replaceAll(here, nowhere);
          expect([path, text]).toEqual([path, JSON.stringify(comparable(await missing!))]);
        }
  });

  it('nobody reads one by what another process knew a moment ago', async () => {
    const [type, namespace] = [uniqueName('late'), uniqueName('open')];
    const open = await app.addOrganization(uniqueName('open'), 'public');
    const key = await app.issueKey('providers:write', open);
    expect((await app.publishProvider(aProvider({ namespace }), key)).status).toBe(201);
    const path = `/v1/providers/${namespace}/${type}/versions`;
    expect((await replica.request(path, { lean: true })).status).toBe(404);
    await mirrorRelease(app, { type, namespace, organizationId: tenant });
    const seen = new Set<number>();
    for (let round = 0; round < 20; round += 1)
      seen.add((await replica.request(path, { lean: true })).status);
    expect([...seen]).not.toContain(200);
    const status = async () => (await replica.request(path, { lean: true, key: keys.tenant })).status;
    await expect.poll(status, { timeout: 15_000 }).toBe(200);
  });

  it('a decision about one is known to the fast path under the name of its readers', async () => {
    const type = uniqueName('owned');
    await mirrorRelease(app, { type, organizationId: tenant });
    const path = `/v1/providers/hashicorp/${type}/versions`;
    const statements = async () => {
      const read = async () =>
        expect((await app.request(path, { lean: true, key: keys.tenant })).status).toBe(200);
      await read();
      const { count } = app.get(StatementCounter);
      await read();
      return app.get(StatementCounter).count - count;
    };
    await expect.poll(statements, { timeout: 15_000 }).toBe(0);
    const decision = app
      .get(ReadDecisions)
      .find(`Bearer ${keys.tenant}`, `${UPSTREAM_HOST}/hashicorp/${type}`, 'providers:read');
    expect(decision).toBe(true);
  });

  it('no mirror takes a provider that another organization has, or everybody', async () => {
    const refusal = (wanted: Parameters<typeof mirrorRelease>[1]) =>
      mirrorRelease(app, wanted).then(
        () => 'brought',
        ({ code }: { code: string }) => code,
      );
    const type = uniqueName('owned');
    await mirrorRelease(app, { type, organizationId: tenant });
    expect(await refusal({ type, version: '2.0.0' })).toBe('mirrored_elsewhere');
    expect(await refusal({ type, version: '2.0.0', organizationId: platform })).toBe('mirrored_elsewhere');
    const shared = uniqueName('shared');
    await mirrorRelease(app, { type: shared });
    expect(await refusal({ type: shared, organizationId: platform })).toBe('mirrored_elsewhere');
    expect(await statusesOf(type, keys.other)).toEqual([404]);
  });

  it('the address means what the oldest mirror has, also for those who may read only the younger one', async () => {
    const type = uniqueName('cloud');
    const [old, young] = ['old.example.com', 'young.example.com'];
    await mirrorRelease(app, { type, host: young, since: new Date('2026-03-01') });
    await mirrorRelease(app, { type, host: old, since: new Date('2026-02-01'), organizationId: tenant });
    const status = async (path: string, key: string) => (await app.request(path, { lean: true, key })).status;
    const versions = `/v1/providers/hashicorp/${type}/versions`;
    expect([await status(versions, keys.tenant), await status(versions, keys.other)]).toEqual([200, 404]);
    const ofYoung = `${mirrorPath({ type, host: young })}/index.json`;
    expect([await status(ofYoung, keys.tenant), await status(ofYoung, keys.other)]).toEqual([200, 200]);
  });

  it('mirrored providers claim no namespace', async () => {
    const type = uniqueName('cloud');
    const namespace = uniqueName('upstream');
    await mirrorRelease(app, { type, namespace, organizationId: tenant });
    const readers = `${UPSTREAM_HOST}/${namespace}/${type}`;
    const list = (await admin.request('/api/v1/namespaces')).json<{ namespaces: { name: string }[] }>();
    expect(list.namespaces.map(({ name }) => name)).not.toContain(readers);
    const encoded = encodeURIComponent(readers);
    const asked = [
      ['DELETE', `/api/v1/namespaces/${encoded}`, undefined],
      ['PUT', `/api/v1/namespaces/${encoded}`, { organization_id: platform }],
      ['GET', `/api/v1/namespaces/${encoded}/signing-keys`, undefined],
    ] as const;
    for (const [method, path, json] of asked) {
      const { status } = await admin.request(path, { method, ...(json && { json }), proof: 'handle' });
      expect([method, path, status >= 400 && status < 500]).toEqual([method, path, true]);
    }
    const claims = await app.query('SELECT organization_id FROM namespace_claims WHERE name = $1', [readers]);
    expect(claims).toEqual([{ organization_id: tenant }]);
    const key = await app.issueKey('providers:write', platform);
    const published = aProvider({ namespace });
    expect((await app.publishProvider({ ...published }, key)).status).toBe(201);
    const mirroredNow = await app.query(
      'SELECT organization_id FROM registry_providers WHERE namespace = $1 ORDER BY upstream_host',
      [namespace],
    );
    expect(mirroredNow).toEqual([{ organization_id: platform }, { organization_id: tenant }]);
    const moved = await admin.request(`/api/v1/namespaces/${namespace}`, {
      method: 'PUT',
      json: { organization_id: tenant },
      proof: 'handle',
    });
    const released = uniqueName('upstream');
    await mirrorRelease(app, { type: uniqueName('cloud'), namespace: released });
    const claimed = await admin.request('/api/v1/namespaces', {
      method: 'POST',
      json: { name: released, organization_id: platform },
      proof: 'handle',
    });
    expect([moved.status < 300, claimed.status]).toEqual([true, 201]);
    const gone = await admin.request(`/api/v1/namespaces/${released}`, { method: 'DELETE', proof: 'handle' });
    expect(gone.status).toBe(200);
  });
});
