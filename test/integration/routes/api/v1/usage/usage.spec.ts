import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DownloadFolder } from '../../../../../../src/usage/download-folder.service.js';
import { dayOf, daysBefore } from '../../../../../../src/usage/domain/day.js';
import {
  aModule,
  archiveOf,
  moduleApiPath,
  moduleProtocolPath,
} from '../../../../../support/factories/module.factory.js';
import { aProvider, onPlatform } from '../../../../../support/factories/provider.factory.js';
import { TestApp } from '../../../../../support/test-app.js';
import { comparable, expectApiError } from '../../../support/expectations.js';
import { People } from '../../../support/people.js';

const OPENTOFU = { 'user-agent': 'OpenTofu/1.9.0 (+https://opentofu.org)', 'x-terraform-version': '1.9.0' };

describe.each([
  ['with the downloads recorded in the audit log', {}],
  ['without', { TFR_AUDIT_LOG_DOWNLOADS: 'false' }],
])('GET …/usage %s', (_, settings) => {
  let app: TestApp;
  let reader: string;
  const module = aModule({ version: '1.9.0' });
  const newer = { ...module, version: '1.10.0', archive: archiveOf('newer') };
  const provider = aProvider();
  const path = `${moduleApiPath(module)}/usage`;
  const today = dayOf(new Date());

  beforeAll(async () => {
    app = await TestApp.start(settings);
    reader = await app.issueKey('modules:read,providers:read,organizations:read');
    for (const one of [module, newer]) expect((await app.publishModule(one)).status).toBe(201);
    for (const one of [provider, onPlatform(provider, 'darwin', 'arm64')]) {
      expect((await app.publishProvider(one)).status).toBe(201);
    }
    const download = `${moduleProtocolPath(module)}/1.9.0/download`;
    for (let done = 0; done < 3; done += 1) await app.request(download, { lean: true });
    await app.request(download, { headers: OPENTOFU, key: reader });
    await app.request(download);
    await app.request(`${moduleProtocolPath(module)}/1.10.0/download`, {
      headers: { 'x-terraform-version': 'mine' },
      key: reader,
    });
    await app.request(download, { lean: true, method: 'HEAD' });
  });
  afterAll(() => app?.stop());

  const usage = async (query = '', at = path) => {
    const answer = await app.request(`${at}${query}`, { key: reader });
    expect(answer.status).toBe(200);
    return answer.json() as unknown as { rows: { key: string; downloads: number }[]; total: number };
  };
  const ALL = {
    version: [
      { key: '1.10.0', downloads: 1 },
      { key: '1.9.0', downloads: 5 },
    ],
    day: [{ key: today, downloads: 6 }],
    client: [
      { key: 'terraform 1.11.4', downloads: 3 },
      { key: '', downloads: 1 },
      { key: 'opentofu 1.9.0', downloads: 1 },
      { key: 'other', downloads: 1 },
    ],
    organization: [
      { key: '', downloads: 4 },
      { key: 'default', downloads: 2 },
    ],
  };

  it('tells every download by version, day, client and organization, before and after it is stored', async () => {
    for (const by of ['version', 'day', 'client', 'organization'] as const) {
      expect(await usage(`?by=${by}`)).toEqual({ rows: ALL[by], total: 6 });
    }
    expect(await usage()).toEqual({ rows: ALL.version, total: 6 });
    await app.get(DownloadFolder).fold();
    for (const by of ['version', 'day', 'client', 'organization'] as const) {
      expect(await usage(`?by=${by}`)).toEqual({ rows: ALL[by], total: 6 });
    }
  });

  it('adds the packages of a provider version up', async () => {
    const at = `/v1/providers/acme/${provider.type}/1.0.0/download`;
    for (const platform of ['linux/amd64', 'darwin/arm64', 'linux/amd64']) {
      expect((await app.request(`${at}/${platform}`, { lean: true })).status).toBe(200);
    }
    const rows = [{ key: '1.0.0', downloads: 3 }];
    expect(await usage('', `/api/v1/providers/acme/${provider.type}/usage`)).toEqual({ rows, total: 3 });
    expect(await usage('?by=client', `/api/v1/providers/acme/${provider.type}/usage`)).toEqual({
      rows: [{ key: 'terraform 1.11.4', downloads: 3 }],
      total: 3,
    });
  });

  it('still tells the downloads of a version that is deleted', async () => {
    const gone = aModule();
    expect((await app.publishModule(gone)).status).toBe(201);
    await app.request(`${moduleProtocolPath(gone)}/1.0.0/download`, { lean: true });
    const deletion = { method: 'DELETE', key: app.publisherKey };
    expect((await app.request(`${moduleApiPath(gone)}/versions/1.0.0`, deletion)).status).toBe(200);
    expect((await usage('', `${moduleApiPath(gone)}/usage`)).rows).toEqual([{ key: '1.0.0', downloads: 1 }]);
  });

  it('keeps to the days that are asked for, both ends included', async () => {
    const old = aModule();
    expect((await app.publishModule(old)).status).toBe(201);
    for (const [back, downloads] of [
      [0, 1],
      [29, 10],
      [30, 100],
      [400, 1_000],
    ] as const) {
      await app.query(
        `INSERT INTO download_counts_daily (target_id, day, downloads)
         SELECT v.id, $2, $3 FROM module_versions v JOIN registry_modules m ON m.id = v.module_id WHERE m.name = $1`,
        [old.name, daysBefore(today, back), downloads],
      );
    }
    const at = `${moduleApiPath(old)}/usage`;
    expect((await usage('', at)).total).toBe(11);
    expect((await usage(`?from=${daysBefore(today, 30)}`, at)).total).toBe(111);
    expect((await usage(`?to=${daysBefore(today, 1)}`, at)).total).toBe(110);
    expect((await usage(`?from=${daysBefore(today, 400)}&to=${daysBefore(today, 31)}`, at)).total).toBe(
      1_000,
    );
    expect((await usage('?by=day', at)).rows).toEqual([
      { key: daysBefore(today, 29), downloads: 10 },
      { key: today, downloads: 1 },
    ]);
    expect(await usage('?by=client', at)).toEqual({ rows: [{ key: '', downloads: 11 }], total: 11 });
  });

  it('comes as a table that a spreadsheet opens', async () => {
    const from = daysBefore(today, 29);
    const answer = await app.request(`${path}?by=client&format=csv`, { key: reader });
    expect(answer.status).toBe(200);
    expect(answer.headers['content-type']).toBe('text/csv; charset=utf-8');
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(answer.headers['content-disposition']).toBe(
      `attachment; filename="usage-acme-${module.name}-aws-by-client-${from}-${today}.csv"`,
    );
    expect(answer.body.toString()).toBe(
      'client,downloads\r\nterraform 1.11.4,3\r\n,1\r\nopentofu 1.9.0,1\r\nother,1\r\n',
    );
  });

  it('is refused in a sentence that says what to change', async () => {
    const answer = await app.request(`${path}?from=2026-02-30&by=person`, { key: reader });
    expectApiError(answer, 400, /^Give "from" as a day like .+\. Use one of these for "by"/, {
      fields: { from: expect.any(String), by: expect.any(String) },
    });
    const long = await app.request(`${path}?from=2020-01-01&to=2022-01-01`, { key: reader });
    expectApiError(long, 400, 'Ask for at most 731 days at a time: move "from" or "to"', {
      fields: { from: expect.any(String) },
    });
    expect((await usage('?from=2020-01-01&to=2021-12-31')).total).toBe(0);
  });

  it('needs a credential, and a module that exists', async () => {
    expect((await app.request(path)).status).toBe(401);
    expectApiError(
      await app.request(`${moduleApiPath(aModule())}/usage`, { key: reader }),
      404,
      'Module not found',
    );
  });
});

describe('GET …/usage with several tenants', () => {
  let app: TestApp;
  let people: People;
  let own: string;
  let other: string;
  const hidden = aModule({ namespace: 'hidden-ns' });
  const open = aModule({ namespace: 'open-ns' });

  beforeAll(async () => {
    app = await TestApp.start({ TFR_MULTI_TENANCY_ENABLED: 'true' });
    people = new People(app);
    own = await app.addOrganization('hidden-org');
    other = await app.addOrganization('open-org', 'public');
    const publish = async (module: typeof hidden, organization: string) => {
      const key = await app.issueKey('modules:write', organization);
      expect((await app.publishModule(module, key)).status).toBe(201);
    };
    await publish(hidden, own);
    await publish(open, other);
    for (const organization of [own, other]) {
      const key = await app.issueKey('modules:read', organization);
      await app.request(`${moduleProtocolPath(open)}/1.0.0/download`, { lean: true, key });
    }
  });
  afterAll(() => app?.stop());

  it('answers somebody else’s private module like one that does not exist, also its cost', async () => {
    const key = await app.issueKey('modules:read', other);
    const [there, nowhere] = [
      await app.request(`${moduleApiPath(hidden)}/usage`, { key }),
      await app.request(`${moduleApiPath(aModule({ namespace: 'nobody-ns' }))}/usage`, { key }),
    ];
    expect(comparable(there)).toEqual(comparable(nowhere));
    expectApiError(there, 404, 'Module not found');
  });

  it('tells a reader of a public module that its numbers are for its owner', async () => {
    const key = await app.issueKey('modules:read', own);
    const answer = await app.request(`${moduleApiPath(open)}/usage`, { key });
    expectApiError(answer, 403, /^You may not see how often this is downloaded/);
  });

  it('names the organizations that the caller may see, and adds the others up', async () => {
    const both = await people.signIn(await people.add({ [own]: 'viewer', [other]: 'viewer' }));
    const one = await people.signIn(await people.add({ [other]: 'viewer' }));
    const at = `${moduleApiPath(open)}/usage?by=organization`;
    expect((await both(at)).json()).toEqual({
      rows: [
        { key: 'hidden-org', downloads: 1 },
        { key: 'open-org', downloads: 1 },
      ],
      total: 2,
    });
    expect((await one(at)).json()).toEqual({
      rows: [
        { key: 'open-org', downloads: 1 },
        { key: 'other', downloads: 1 },
      ],
      total: 2,
    });
  });

  it('counts a person for their only organization, and for none when there are several', async () => {
    const module = aModule({ namespace: 'open-ns' });
    const publisher = await app.issueKey('modules:write', other);
    expect((await app.publishModule(module, publisher)).status).toBe(201);
    for (const roles of [{ [other]: 'viewer' }, { [own]: 'viewer', [other]: 'viewer' }]) {
      const person = await people.signIn(await people.add(roles));
      const answer = await person(`${moduleProtocolPath(module)}/1.0.0/download`);
      expect(answer.status).toBe(204);
    }
    const reader = await app.issueKey('modules:read,organizations:read', other);
    const answer = await app.request(`${moduleApiPath(module)}/usage?by=organization`, { key: reader });
    expect(answer.json()).toEqual({
      rows: [
        { key: '', downloads: 1 },
        { key: 'open-org', downloads: 1 },
      ],
      total: 2,
    });
  });
});
