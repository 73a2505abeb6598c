import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DownloadFolder } from '../../../../../src/usage/download-folder.service.js';
import {
  onPlatform,
  aProvider,
  providerApiPath,
  providerProtocolPath,
} from '../../../../support/factories/provider.factory.js';
import { TestApp } from '../../../../support/test-app.js';
import { aTime, expectApiError } from '../../support/expectations.js';
import { LIVING_KINDS, LivingVersion } from '../../support/living-version.js';
import { People } from '../../support/people.js';

interface Download {
  principal: string | null;
  client: string | null;
  ip_address: string | null;
  created_at: string;
}
interface Downloads {
  downloads: Download[];
  pagination: { page: number; per_page: number; total: number };
  note?: string;
}

let app: TestApp;
let auditor: string;
let reader: string;

beforeAll(async () => {
  app = await TestApp.start();
  auditor = await app.issueKey('audit:read');
  reader = await app.issueKey('modules:read,providers:read');
});
afterAll(() => app?.stop());

/** What was downloaded is recorded a moment later. */
async function downloadsOf(one: LivingVersion, query = '', key = auditor): Promise<Downloads> {
  await app.get(DownloadFolder).fold();
  const answer = await app.request(`${one.apiPath}/downloads${query}`, { key });
  expect(answer.status, answer.body.toString()).toBe(200);
  return answer.json();
}

describe.each(LIVING_KINDS)('…/downloads of a version of a %s', (kind) => {
  it('says who fetched it with what, newest first', async () => {
    const one = LivingVersion.of(app, kind);
    await one.publish();
    expect(await downloadsOf(one)).toEqual({
      downloads: [],
      pagination: { page: 1, per_page: 25, total: 0 },
    });
    await one.download();
    const people = new People(app);
    const email = `${one.apiPath.split('/').at(-3)}@example.com`;
    const organization = await people.defaultOrganization();
    const signed = await people.signIn(await people.add({ [organization]: 'viewer' }, { email }));
    const path = `${one.protocolPath}/1.0.0/${kind === 'module' ? 'download' : 'download/linux/amd64'}`;
    await signed(path);
    const { downloads, pagination } = await downloadsOf(one);
    expect(pagination).toEqual({ page: 1, per_page: 25, total: 2 });
    expect(downloads).toEqual([
      { principal: email, client: null, ip_address: '127.0.0.1', created_at: aTime },
      {
        principal: null,
        client: expect.stringContaining('1.11.4'),
        ip_address: '127.0.0.1',
        created_at: aTime,
      },
    ]);
    expect(downloads[0]!.created_at >= downloads[1]!.created_at).toBe(true);
  });

  it('knows nothing of other versions and of changes, and is there while the version is quarantined', async () => {
    const admin = await app.issueKey('admin');
    const one = LivingVersion.of(app, kind);
    await one.publish();
    await one.download();
    await one.act('quarantine', { reason: 'odd' }, admin);
    await one.download();
    expect((await downloadsOf(one)).pagination.total).toBe(1);
    await one.remove(app.publisherKey);
    expect((await downloadsOf(one)).pagination.total, 'deleted while it was quarantined').toBe(1);
    await one.act('restore', undefined, admin);
    const gone = await app.request(`${one.apiPath}/downloads`, { key: auditor });
    expectApiError(gone, 404, 'Version not found');
  });

  it('comes in pages', async () => {
    const one = LivingVersion.of(app, kind);
    await one.publish();
    for (let time = 0; time < 5; time += 1) await one.download();
    const pages = await Promise.all([1, 2, 3].map((page) => downloadsOf(one, `?page=${page}&per_page=2`)));
    expect(pages.map(({ downloads }) => downloads.length)).toEqual([2, 2, 1]);
    const times = pages.flatMap(({ downloads }) => downloads.map(({ created_at: at }) => at));
    expect(times).toEqual(times.toSorted().toReversed());
    const whole = await downloadsOf(one, '?per_page=100000&page=x');
    expect(whole).toMatchObject({ pagination: { page: 1, per_page: 1000, total: 5 } });
  });

  it('is for those who may read the audit log of the organization', async () => {
    const one = LivingVersion.of(app, kind);
    await one.publish();
    const path = `${one.apiPath}/downloads`;
    expectApiError(await app.request(path), 401, 'Missing authorization header');
    const refused = await app.request(path, { key: reader });
    expectApiError(refused, 403, 'Missing required scope', { details: 'Required scope: audit:read' });
    const other = LivingVersion.of(app, kind);
    const title = kind === 'module' ? 'Module' : 'Provider';
    expectApiError(
      await app.request(`${other.apiPath}/downloads`, { key: auditor }),
      404,
      `${title} not found`,
    );
  });
});

describe('…/downloads', () => {
  it('of a provider has those of all platforms', async () => {
    const provider = aProvider();
    await app.publishProvider(provider);
    await app.publishProvider(onPlatform(provider, 'darwin', 'arm64'));
    for (const platform of ['linux/amd64', 'darwin/arm64']) {
      await app.request(`${providerProtocolPath(provider)}/1.0.0/download/${platform}`, { lean: true });
    }
    await app.get(DownloadFolder).fold();
    const answer = await app.request(`${providerApiPath(provider)}/versions/1.0.0/downloads`, {
      key: auditor,
    });
    expect(answer.json()).toMatchObject({ pagination: { total: 2 } });
  });

  it('says so when downloads are not recorded, and belongs to the owner only', async () => {
    const silent = await TestApp.start({
      TFR_AUDIT_LOG_DOWNLOADS: 'false',
      TFR_MULTI_TENANCY_ENABLED: 'true',
      TFR_AUTH_ANONYMOUS_READ: 'true',
    });
    try {
      const own = await silent.addOrganization('own');
      const other = await silent.addOrganization('other');
      const one = LivingVersion.of(silent, 'module', { namespace: 'own' });
      expect((await one.publish(await silent.issueKey('modules:write', own))).status).toBe(201);
      await one.download();
      await silent.get(DownloadFolder).fold();
      const path = `${one.apiPath}/downloads`;
      const answer = await silent.request(path, { key: await silent.issueKey('audit:read', own) });
      expect(answer.json()).toMatchObject({
        downloads: [],
        note: expect.stringMatching(/audit\.log_downloads/),
      });
      const foreign = await silent.request(path, { key: await silent.issueKey('audit:read', other) });
      expect(foreign.status).toBe(403);
    } finally {
      await silent.stop();
    }
  });
});
