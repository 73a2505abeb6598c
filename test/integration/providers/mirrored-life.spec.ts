import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aProvider } from '../../support/factories/provider.factory.js';
import { uniqueName } from '../../support/factories/names.js';
import { mirrorPath, mirrorRelease } from '../../support/mirrored-release.js';
import { TestApp } from '../../support/test-app.js';

describe('the life of a version that a mirror brought', () => {
  let app: TestApp;
  let owner: string;
  let keys: Record<'admin' | 'writer' | 'reader' | 'stranger', string>;

  beforeAll(async () => {
    app = await TestApp.start({
      TFR_MULTI_TENANCY_ENABLED: 'true',
      TFR_SECURITY_RATE_LIMITING_ENABLED: 'false',
    });
    owner = await app.addOrganization('owner', 'private');
    const other = await app.addOrganization('other');
    keys = {
      admin: await app.issueKey('admin', owner),
      writer: await app.issueKey('providers:write', owner),
      reader: await app.issueKey('providers:read', owner),
      stranger: await app.issueKey('admin', other),
    };
  });
  afterAll(() => app?.stop());

  const api = (type: string) => `/api/v1/providers/hashicorp/${type}`;
  const act = (type: string, action: string, key: string, version = '1.0.0') => {
    const json =
      action === 'restore'
        ? undefined
        : { reason: 'because', ...(action === 'withdraw' && { mode: 'refuse' }) };
    return app.request(`${api(type)}/versions/${version}/${action}`, {
      method: 'POST',
      key,
      ...(json && { json }),
    });
  };
  const documents = (type: string, version = '1.0.0') => [
    `${mirrorPath({ type })}/${version}.json`,
    `/v1/providers/hashicorp/${type}/${version}/download/linux/amd64`,
  ];
  const statuses = async (type: string, version?: string) => {
    const found = [];
    for (const path of documents(type, version))
      found.push((await app.request(path, { lean: true, key: keys.reader })).status);
    return found;
  };

  it.each(['1.0.0', '1.0.0+b.1'])(
    'is withdrawn, quarantined and restored like that of others: %s',
    async (version) => {
      const type = uniqueName('cloud');
      await mirrorRelease(app, { type, version, organizationId: owner });
      expect(await statuses(type, version)).toEqual([200, 200]);
      const steps = [
        ['withdraw', keys.writer, [404, 410]],
        ['restore', keys.writer, [200, 200]],
        ['quarantine', keys.admin, [404, 410]],
        ['restore', keys.admin, [200, 200]],
      ] as const;
      for (const [action, key, expected] of steps) {
        const answer = await act(type, action, key, version);
        expect([action, answer.status]).toEqual([action, 200]);
        expect([action, await statuses(type, version)]).toEqual([action, expected]);
      }
      const deprecated = await app.request(`${api(type)}/versions/${version}/deprecate`, {
        method: 'POST',
        key: keys.writer,
        json: { message: 'use another' },
      });
      expect(deprecated.status).toBe(200);
      const { versions } = (await app.request(api(type), { key: keys.reader })).json<{
        versions: object[];
      }>();
      expect(versions).toMatchObject([{ version, deprecated: true, deprecation_message: 'use another' }]);
    },
  );

  it('takes nothing from its mirror while it is quarantined', async () => {
    const wanted = {
      type: uniqueName('cloud'),
      organizationId: owner,
      listed: ['linux_amd64', 'darwin_arm64'],
    };
    await mirrorRelease(app, wanted);
    expect((await act(wanted.type, 'quarantine', keys.admin)).status).toBe(200);
    await mirrorRelease(app, wanted);
    await expect(mirrorRelease(app, { ...wanted, platforms: ['darwin_arm64'] })).rejects.toMatchObject({
      code: 'provider_version_quarantined',
    });
    expect(await statuses(wanted.type)).toEqual([404, 410]);
  });

  it.each(['withdraw', 'quarantine', 'restore'])(
    '%s is for those who hold the right where it belongs',
    async (action) => {
      const type = uniqueName('cloud');
      await mirrorRelease(app, { type, organizationId: owner });
      expect((await act(type, action, keys.reader)).status).toBe(403);
      expect((await act(type, action, keys.stranger)).status).toBe(404);
      const absent = await act('nothing', action, keys.stranger);
      const hidden = await act(type, action, keys.stranger);
      expect([hidden.status, hidden.json()]).toEqual([absent.status, absent.json()]);
      expect(await statuses(type)).toEqual([200, 200]);
    },
  );

  it('is neither published nor deleted by hand', async () => {
    const type = uniqueName('cloud');
    await mirrorRelease(app, { type, organizationId: owner });
    const refused = [
      await app.publishProvider(aProvider({ namespace: 'hashicorp', type, version: '9.0.0' }), keys.writer),
      await app.request(`${api(type)}/versions/1.0.0`, { method: 'DELETE', key: keys.writer }),
      await app.request(api(type), { method: 'DELETE', key: keys.writer }),
    ];
    const sentence = `A mirror brings hashicorp/${type} here`;
    for (const answer of refused) {
      expect([answer.status, answer.json()]).toEqual([
        409,
        expect.objectContaining({ error: expect.stringContaining(sentence) as string }),
      ]);
    }
    const [foreign] = [await app.request(api(type), { method: 'DELETE', key: keys.stranger })];
    expect(foreign!.status).toBe(404);
    expect(await statuses(type)).toEqual([200, 200]);
  });

  it('tells who fetched it to those who may read the audit log', async () => {
    const type = uniqueName('cloud');
    await mirrorRelease(app, { type, organizationId: owner });
    const path = `${api(type)}/versions/1.0.0/downloads`;
    const key = await app.issueKey('audit:read', owner);
    expect((await app.request(path, { key })).status).toBe(200);
    expect((await app.request(path, { key: keys.stranger })).status).toBe(404);
  });
});
