import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Version } from '../../../src/kernel/terraform/version.js';
import { DownloadFolder } from '../../../src/usage/download-folder.service.js';
import { SearchRefill } from '../../../src/search/search-refill.service.js';
import { packTarGz, testSigner } from '../../support/build-fixtures.js';
import { aModule, moduleApiPath, moduleProtocolPath } from '../../support/factories/module.factory.js';
import { aProvider, aSignedRelease, providerApiPath } from '../../support/factories/provider.factory.js';
import { TestApp } from '../../support/test-app.js';
import { addPerson, Browser, defaultOrganizationOf } from '../auth/support/browser.js';

let app: TestApp;
let admin: Browser;
let key: string;
let owner: string;
let other: string;

beforeAll(async () => {
  app = await TestApp.start({
    TFR_DOCUMENTATION_AT_PUBLISH: 'true',
    TFR_MULTI_TENANCY_ENABLED: 'true',
    TFR_SECURITY_RATE_LIMITING_ENABLED: 'false',
  });
  const platform = await defaultOrganizationOf(app);
  admin = await Browser.signIn(app, await addPerson(app, { [platform]: 'admin' }));
  owner = await app.addOrganization('tenant');
  other = await app.addOrganization('other', 'private');
  key = await app.issueKey('admin', owner);
});
afterAll(() => app?.stop());

interface Row {
  id: string;
  organization_id: string;
  visibility: string;
  latest_version: string;
  versions: number;
  is_deprecated: boolean;
  is_verified: boolean;
  description: string | null;
  updated_at: Date;
  downloads: string;
}

const COMMON = `m.id, m.organization_id, coalesce(o.visibility, 'default') AS visibility, m.description,
  date_trunc('milliseconds', m.updated_at) AS updated_at`;

/** What the rows should say, from the tables of modules and providers themselves. */
async function truth(): Promise<Row[]> {
  const rows = await app.query<
    Row & { all: { version: string; deprecated: boolean; verified: boolean }[] | null }
  >(
    `SELECT ${COMMON}, (SELECT json_agg(json_build_object('version', v.version, 'deprecated', v.deprecated_at IS NOT NULL,
        'verified', v.published_from IS NOT NULL)) FROM module_versions v WHERE v.module_id = m.id AND v.state = 'active') AS all,
      (SELECT coalesce(sum(c.downloads), 0) FROM download_counts_daily c JOIN module_versions v ON v.id = c.target_id
       WHERE v.module_id = m.id) AS downloads
     FROM registry_modules m JOIN organizations o ON o.id = m.organization_id WHERE m.deleted_at IS NULL
     UNION ALL
     SELECT ${COMMON}, (SELECT json_agg(json_build_object('version', v.version, 'deprecated', v.deprecated_at IS NOT NULL,
        'verified', v.signed_by = 'publisher')) FROM provider_versions v WHERE v.provider_id = m.id AND v.state = 'active'),
      (SELECT coalesce(sum(c.downloads), 0) FROM download_counts_daily c JOIN provider_packages p ON p.id = c.target_id
       JOIN provider_versions v ON v.id = p.version_id WHERE v.provider_id = m.id)
     FROM registry_providers m JOIN organizations o ON o.id = m.organization_id WHERE m.deleted_at IS NULL`,
  );
  return rows
    .map(({ all, ...row }) => {
      const versions = all ?? [];
      const latest = Version.latest(versions);
      return {
        ...row,
        latest_version: latest?.version ?? '',
        versions: versions.length,
        is_deprecated: versions.length > 0 && versions.every(({ deprecated }) => deprecated),
        is_verified: latest?.verified ?? false,
      };
    })
    .sort(byId);
}

async function found(): Promise<Row[]> {
  const rows = await app.query<Row>(
    `SELECT d.id, d.organization_id, d.visibility, d.latest_version, d.versions, d.is_deprecated, d.is_verified,
       d.description, d.updated_at, w.downloads
     FROM search_documents d JOIN search_downloads w ON w.document_id = d.id`,
  );
  return rows.sort(byId);
}

const byId = (one: Row, another: Row): number => (one.id < another.id ? -1 : 1);

/** Does something, and compares the rows with what they should say. */
async function after(what: string, action: () => Promise<{ status: number }>): Promise<void> {
  const { status } = await action();
  expect(status, what).toBeLessThan(300);
  expect(await found(), `after ${what}`).toEqual(await truth());
}

const send = (method: string, path: string, json?: object) => app.request(path, { method, key, json });

describe('the search rows tell the truth', () => {
  it('after every change of a module', async () => {
    const module = aModule({ namespace: 'tenant', name: 'vpc', version: '1.0.0' });
    const path = moduleApiPath(module);
    const ofVersion =
      (version: string, action: string, json: object = {}) =>
      () =>
        send('POST', `${path}/versions/${version}/${action}`, json);
    const create = { namespace: 'tenant', name: 'vpc', system: 'aws' };
    const describeAs = (description: string) => () =>
      send('POST', '/api/v1/admin/modules/create', { ...create, description });
    await after('a record without a version', () => send('POST', '/api/v1/admin/modules/create', create));
    await after('publishing', () => app.publishModule(module, key));
    await after('a description', describeAs('Networks'));
    await after('a pre-release', () => app.publishModule(aModule({ ...module, version: '2.0.0-rc.1' }), key));
    await after('a second version', () => app.publishModule(aModule({ ...module, version: '1.1.0' }), key));
    await after('a deprecation', ofVersion('1.1.0', 'deprecate'));
    await after('another deprecation', ofVersion('1.0.0', 'deprecate'));
    await after('the last deprecation', ofVersion('2.0.0-rc.1', 'deprecate'));
    await after('the end of one', () => send('DELETE', `${path}/versions/1.0.0/deprecate`));
    await after('a withdrawal', ofVersion('1.0.0', 'withdraw', { reason: 'old' }));
    await after('its end', ofVersion('1.0.0', 'restore'));
    await after('a quarantine', ofVersion('1.1.0', 'quarantine', { reason: 'odd' }));
    await after('the end of the quarantine', ofVersion('1.1.0', 'restore'));
    await after('a deletion', () => send('DELETE', `${path}/versions/1.1.0`));
    const download = `${moduleProtocolPath(module)}/1.0.0/download`;
    expect((await app.request(download, { key, lean: true })).status).toBe(204);
    await after('a download', async () => {
      await app.get(DownloadFolder).fold();
      return { status: 200 };
    });
    const [row] = await found();
    expect(row).toMatchObject({ downloads: '1', latest_version: '1.0.0', description: 'Networks' });
    await after('the deletion of the module', () => send('DELETE', path));
    expect(await found()).toEqual([]);
    await after('its return', () => app.publishModule(module, key));
    expect(await found()).toHaveLength(1);
  });

  it('after every change of a provider', async () => {
    const signer = await testSigner();
    const provider = aProvider({ namespace: 'tenant', type: 'cloud', version: '1.0.0' });
    const path = providerApiPath(provider);
    const release = await aSignedRelease(signer, { namespace: 'tenant', type: 'cloud', version: '2.0.0' });
    await after('publishing', () => app.publishProvider(provider, key));
    await after('a signed release', () => app.publishRelease(release, key));
    expect((await found()).some(({ is_verified }) => is_verified)).toBe(true);
    await after('a deprecation', () => send('POST', `${path}/versions/2.0.0/deprecate`, {}));
    await after('its end', () => send('DELETE', `${path}/versions/2.0.0/deprecate`));
    await after('a deletion', () => send('DELETE', `${path}/versions/2.0.0`));
    await after('the deletion of the provider', () => send('DELETE', path));
    await after('its return', () => app.publishProvider(provider, key));
  });

  it('after a change of visibility, and after a move', async () => {
    const change = (path: string, json: object) =>
      admin.request(path, { method: 'PUT', json, proof: 'handle' });
    for (const visibility of ['private', 'public', null])
      await after(`${visibility}`, () => change(`/api/v1/organizations/${owner}`, { visibility }));
    await after('a move', () => change('/api/v1/namespaces/tenant', { organization_id: other }));
    expect(
      (await found()).every((row) => row.organization_id === other && row.visibility === 'private'),
    ).toBe(true);
    await after('the way back', () => change('/api/v1/namespaces/tenant', { organization_id: owner }));
  });

  it('with the texts of the latest version, once it is analyzed', async () => {
    const variable = 'variable "enable_peering" { description = "Joins networks" }\nprovider "random" {}\n';
    const archive = packTarGz([
      { name: 'main.tf', data: variable },
      { name: 'README.md', data: '# About\n\nA walrus lives here.' },
    ]);
    const module = aModule({ namespace: 'tenant', name: 'texts', archive });
    await after('publishing', () => app.publishModule(module, key));
    const find = async (q: string) => {
      const answer = await app.request(`/api/v1/search?q=${q}`, { key });
      return (JSON.parse(answer.body.toString()) as { items: { name: string }[] }).items.map(
        ({ name }) => name,
      );
    };
    await vi.waitFor(async () => expect(await find('enable_peering')).toEqual(['texts']), {
      timeout: 20_000,
    });
    expect(await find('walrus')).toEqual(['texts']);
    expect(await find('nobody')).toEqual([]);
    await after('the deletion', () => send('DELETE', moduleApiPath(module)));
    expect(await find('walrus')).toEqual([]);
  });

  it('of what was published before there were searches', async () => {
    await app.query('DELETE FROM search_documents');
    expect(await app.get(SearchRefill).run(AbortSignal.timeout(10_000))).toBe(2);
    expect(await found()).toEqual(await truth());
    expect((await found()).map(({ downloads }) => downloads).sort()).toEqual(['0', '1']);
    expect(await app.get(SearchRefill).run(AbortSignal.timeout(10_000))).toBe(0);
  });
});
