import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { IdentifiedPrincipal } from '../../../../../../src/access/principal.js';
import { StatementCounter } from '../../../../../../src/platform/database/statement-counter.js';
import { dayOf } from '../../../../../../src/usage/domain/day.js';
import { readTopRequest } from '../../../../../../src/usage/domain/usage-request.js';
import { DownloadFolder } from '../../../../../../src/usage/download-folder.service.js';
import { TopDownloads } from '../../../../../../src/usage/top-downloads.service.js';
import { aModule, moduleProtocolPath } from '../../../../../support/factories/module.factory.js';
import { aProvider } from '../../../../../support/factories/provider.factory.js';
import { TestApp } from '../../../../../support/test-app.js';
import { expectApiError } from '../../../support/expectations.js';
import { People } from '../../../support/people.js';

describe('GET /api/v1/usage/top', () => {
  let app: TestApp;
  let hiddenOrg: string;
  let openOrg: string;
  const hidden = aModule({ namespace: 'hidden-ns', name: 'secret' });
  const open = aModule({ namespace: 'open-ns', name: 'shown' });
  const provider = aProvider({ namespace: 'open-ns', type: 'cloud' });

  beforeAll(async () => {
    app = await TestApp.start({ TFR_MULTI_TENANCY_ENABLED: 'true' });
    hiddenOrg = await app.addOrganization('hidden-org');
    openOrg = await app.addOrganization('open-org', 'public');
    const hiddenKey = await app.issueKey('modules:write', hiddenOrg);
    const openKey = await app.issueKey('modules:write,providers:write', openOrg);
    expect((await app.publishModule(hidden, hiddenKey)).status).toBe(201);
    expect((await app.publishModule(open, openKey)).status).toBe(201);
    expect((await app.publishProvider(provider, openKey)).status).toBe(201);
    const download = async (path: string, key: string, times: number) => {
      for (let done = 0; done < times; done += 1) {
        expect((await app.request(path, { lean: true, key })).status).toBeLessThan(300);
      }
    };
    await download(`${moduleProtocolPath(hidden)}/1.0.0/download`, hiddenKey, 3);
    await download(`${moduleProtocolPath(open)}/1.0.0/download`, openKey, 2);
    await download('/v1/providers/open-ns/cloud/1.0.0/download/linux/amd64', openKey, 1);
    await app.get(DownloadFolder).fold();
  });
  afterAll(() => app?.stop());

  const top = async (query: string, key: string) =>
    (await app.request(`/api/v1/usage/top${query}`, { key })).json();
  const administrator = async () => {
    const people = new People(app);
    const signed = await people.signIn(await people.add({ [await people.defaultOrganization()]: 'admin' }));
    return async (query: string) => (await signed(`/api/v1/usage/top${query}`)).json();
  };

  it('shows what the caller may read, most downloads first, with the sum of all of it', async () => {
    const [mine, others] = [
      await app.issueKey('modules:read', hiddenOrg),
      await app.issueKey('modules:read,providers:read', openOrg),
    ];
    const [secret, shown] = [
      { key: 'hidden-ns/secret/aws', downloads: 3 },
      { key: 'open-ns/shown/aws', downloads: 2 },
    ];
    expect(await top('', mine)).toEqual({ rows: [secret, shown], total: 5 });
    expect(await top('?kind=module&limit=1', mine)).toEqual({ rows: [secret], total: 5 });
    expect(await top('?kind=module', others)).toEqual({ rows: [shown], total: 2 });
    expect(await top('?kind=provider', others)).toEqual({
      rows: [{ key: 'open-ns/cloud', downloads: 1 }],
      total: 1,
    });
    expect(await top('?from=2020-01-01&to=2020-12-31', mine)).toEqual({ rows: [], total: 0 });
  });

  it('shows the organizations that the caller may see', async () => {
    const key = await app.issueKey('organizations:read', openOrg);
    expect(await top('?kind=consumer', key)).toEqual({ rows: [{ key: 'open-org', downloads: 3 }], total: 3 });
    expect(await top('?kind=consumer', await app.issueKey('modules:read', openOrg))).toEqual({
      rows: [],
      total: 0,
    });
    const all = await administrator();
    expect(await all('?kind=consumer')).toEqual({
      rows: [
        { key: 'hidden-org', downloads: 3 },
        { key: 'open-org', downloads: 3 },
      ],
      total: 6,
    });
  });

  it('shows clients only to those who may read everything', async () => {
    const key = await app.issueKey('modules:read,providers:read', openOrg);
    expect(await top('?kind=client', key)).toEqual({ rows: [], total: 0 });
    const all = await administrator();
    expect(await all('?kind=client')).toEqual({
      rows: [{ key: 'terraform 1.11.4', downloads: 6 }],
      total: 6,
    });
  });

  it('is one statement, whatever the kind', async () => {
    const principal: IdentifiedPrincipal = {
      kind: 'service',
      userId: null,
      name: 'service',
      email: null,
      issuer: 'issuer',
      subject: 'subject',
      authority: { isPlatformAdmin: true, organizations: new Map(), shared: undefined },
    };
    for (const kind of ['module', 'provider', 'consumer', 'client']) {
      const request = readTopRequest({ kind }, { today: dayOf(new Date()), maxDays: 731 });
      const costs: number[] = [];
      for (let done = 0; done < 5; done += 1) {
        const before = app.get(StatementCounter).count;
        expect((await app.get(TopDownloads).list(principal, request)).total).toBeGreaterThan(0);
        costs.push(app.get(StatementCounter).count - before);
      }
      // Background work sends statements too.
      expect(Math.min(...costs)).toBe(1);
    }
  });

  it('comes as a table, and refuses what it does not understand', async () => {
    const key = await app.issueKey('modules:read', openOrg);
    const table = await app.request('/api/v1/usage/top?format=csv', { key });
    expect(table.body.toString()).toBe('module,downloads\r\nopen-ns/shown/aws,2\r\n');
    expect(table.headers['content-disposition']).toMatch(/^attachment; filename="usage-top-by-module-/);
    expectApiError(
      await app.request('/api/v1/usage/top?kind=user', { key }),
      400,
      'Use one of these for "kind": module, provider, consumer, client',
      { fields: { kind: expect.any(String) } },
    );
    expect((await app.request('/api/v1/usage/top')).status).toBe(401);
  });
});
