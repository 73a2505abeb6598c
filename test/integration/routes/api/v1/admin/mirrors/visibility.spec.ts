import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestApp } from '../../../../../../support/test-app.js';
import { comparable, expectApiError } from '../../../../support/expectations.js';
import { aMirror, MirrorUser, NOBODY, QUIET, runOf } from './support.js';

let app: TestApp;
let platform: MirrorUser;
let own: string;
let other: string;
let manager: MirrorUser;
let reader: MirrorUser;
let stranger: MirrorUser;

beforeAll(async () => {
  app = await TestApp.start({ ...QUIET, TFR_MULTI_TENANCY_ENABLED: 'true' });
  own = await app.addOrganization('own');
  other = await app.addOrganization('other');
  platform = await MirrorUser.managing(app);
  manager = await MirrorUser.managing(app, own);
  reader = await MirrorUser.reading(app, own);
  stranger = await MirrorUser.managing(app, other);
});
afterAll(() => app?.stop());

describe('mirrors of several organizations', () => {
  it('belong to the organization of the key that adds them', async () => {
    expect(await manager.added()).toMatchObject({ organization_id: own });
    expect(await manager.added({ organization_id: '' })).toMatchObject({ organization_id: own });
    expect(await manager.added({ organization_id: own.toUpperCase() })).toMatchObject({
      organization_id: own,
    });
  });

  it('serve everybody when the default organization adds them', async () => {
    expect(await platform.added()).not.toHaveProperty('organization_id');
  });

  it('are not added for an organization where the caller manages none', async () => {
    const foreign = await manager.add({ ...aMirror(), organization_id: other });
    expectApiError(foreign, 404, 'Organization not found');
    const absent = await manager.add({ ...aMirror(), organization_id: NOBODY });
    expect(comparable(foreign)).toEqual(comparable(absent));
    const both = new MirrorUser(app, await app.issueKey('mirrors:manage,organizations:read', own));
    expect((await both.add({ ...aMirror(), organization_id: other })).status).toBe(404);
    expectApiError(await reader.add(aMirror()), 403, 'Missing required scope', {
      details: 'Required scope: mirrors:manage',
    });
  });

  it('are listed by name to those who may see them', async () => {
    const prefix = `listed ${Date.now()}`;
    const named = (names: string[]) => names.filter((name) => name.startsWith(prefix));
    await manager.added({ name: `${prefix} b` });
    await manager.added({ name: `${prefix} a` });
    await stranger.added({ name: `${prefix} c` });
    await platform.added({ name: `${prefix} d` });
    expect(named(await reader.names())).toEqual([`${prefix} a`, `${prefix} b`]);
    expect(named(await stranger.names())).toEqual([`${prefix} c`]);
    expect(named(await platform.names())).toEqual([`${prefix} d`]);
    const admin = new MirrorUser(app, await app.issueKey('admin'));
    expect(named(await admin.names())).toEqual(['a', 'b', 'c', 'd'].map((end) => `${prefix} ${end}`));
  });

  it('are listed without the disabled ones on demand', async () => {
    const off = await manager.added();
    const on = await manager.added({ enabled: true });
    expect(await manager.names('?enabled=true')).toContain(on.name);
    expect(await manager.names('?enabled=true')).not.toContain(off.name);
    expect(await manager.names('?enabled=yes')).toContain(off.name);
  });

  it('look absent to everybody else, on every route', async () => {
    const { id } = await manager.added();
    const sync = await runOf(app, id, 'success');
    const calls: ((by: MirrorUser, mirror: string, run: string) => ReturnType<MirrorUser['get']>)[] = [
      (by, mirror) => by.get(mirror),
      (by, mirror) => by.get(mirror, '/status'),
      (by, mirror) => by.get(mirror, '/providers'),
      (by, mirror) => by.get(mirror, '/syncs'),
      (by, mirror, run) => by.get(mirror, `/syncs/${run}`),
      (by, mirror) => by.post(mirror, '/plan'),
      (by, mirror) => by.put(mirror, { enabled: false }),
      (by, mirror) => by.post(mirror, '/sync'),
      (by, mirror, run) => by.post(mirror, `/syncs/${run}/cancel`),
      (by, mirror) => by.remove(mirror),
    ];
    for (const by of [stranger, platform]) {
      for (const call of calls) {
        const foreign = await call(by, id, sync);
        expectApiError(foreign, 404, 'Mirror not found');
        expect(comparable(foreign)).toEqual(comparable(await call(by, NOBODY, sync)));
      }
    }
    for (const call of calls) expectApiError(await call(manager, 'x', sync), 400, 'Invalid mirror ID');
    for (const call of calls.slice(6)) {
      expectApiError(await call(reader, id, sync), 403, 'Missing required scope', {
        details: 'Required scope: mirrors:manage',
      });
    }
  });

  it('do not show runs of one under another', async () => {
    const [one, two] = [await manager.added(), await manager.added()];
    const sync = await runOf(app, one.id, 'success');
    expect((await reader.get(one.id, `/syncs/${sync}`)).status).toBe(200);
    expectApiError(await reader.get(two.id, `/syncs/${sync}`), 404, 'Sync not found');
    expectApiError(await manager.post(two.id, `/syncs/${sync}/cancel`), 404, 'Sync not found');
    expectApiError(await reader.get(one.id, '/syncs/latest'), 400, 'Invalid sync ID');
  });

  it('keep their organization from being deleted', async () => {
    const organization = await app.addOrganization('with-mirror');
    const user = await MirrorUser.managing(app, organization);
    const { id } = await user.added();
    const admin = await app.issueKey('admin');
    const path = `/api/v1/organizations/${organization}`;
    const refused = await app.request(path, { method: 'DELETE', key: admin });
    expectApiError(refused, 409, /still owns/);
    expect((await user.remove(id)).status).toBe(200);
    expect((await app.request(path, { method: 'DELETE', key: admin })).status).toBe(200);
  });
});
