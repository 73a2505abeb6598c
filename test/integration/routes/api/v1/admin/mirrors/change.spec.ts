import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestApp } from '../../../../../../support/test-app.js';
import { aTime, expectApiError } from '../../../../support/expectations.js';
import { Mirrors } from '../../../../../../../src/mirror/configuration/mirrors.service.js';
import {
  aMirror,
  MirrorUser,
  NOBODY,
  OTHER_UPSTREAM,
  QUIET,
  runOf,
  type ShownMirror,
  UPSTREAM,
} from './support.js';

const TOKEN = 'test-only-upstream-token';

let app: TestApp;
let manager: MirrorUser;

beforeAll(async () => {
  app = await TestApp.start({
    ...QUIET,
    TFR_MULTI_TENANCY_ENABLED: 'true',
  });
  manager = await MirrorUser.administering(app);
});
afterAll(() => app?.stop());

const changed = async (id: string, body: object): Promise<ShownMirror> => {
  const answer = await manager.put(id, body);
  expect([answer.status, answer.json()]).toEqual([200, (await manager.get(id)).json()]);
  return answer.json<ShownMirror>();
};
const tokenOf = async (id: string) => {
  const mirrors = app.get(Mirrors);
  return (await mirrors.upstreamOf((await mirrors.find(id))!)).token;
};
const found = (mirrorId: string) =>
  app.query(
    `INSERT INTO mirrored_providers (mirror_id, upstream_host, namespace, provider_type)
     VALUES ($1, '127.0.0.3:1', 'hashicorp', 'aws')`,
    [mirrorId],
  );

describe('changing a mirror', () => {
  it('keeps what is absent', async () => {
    const mirror = await manager.added({
      description: 'kept',
      namespace_filter: ['a'],
      version_filter: '3.x',
      auto_approval: { patch_only: true },
      keep_versions: 4,
      upstream_token: TOKEN,
    });
    expect(await changed(mirror.id, {})).toEqual({ ...mirror, updated_at: aTime });
    expect(await tokenOf(mirror.id)).toBe(TOKEN);
  });

  it('clears filters with an empty list, and the rest with null', async () => {
    const before = {
      description: 'gone',
      namespace_filter: ['a'],
      provider_filter: ['b'],
      platform_filter: ['linux/amd64'],
      version_filter: '3.x',
      auto_approval: { patch_only: true },
      keep_versions: 4,
      keep_used_days: 4,
      key_trust: 'pinned',
      cool_down_days: 9,
      sync_interval_hours: 2,
    };
    const { id } = await manager.added(before);
    const after = await changed(id, {
      ...Object.fromEntries(Object.keys(before).map((name) => [name, null])),
      namespace_filter: [],
      provider_filter: [],
      platform_filter: [],
      version_filter: '',
    });
    const plain = await manager.added();
    expect({ ...after, ...identityOf(plain) }).toEqual(plain);
  });

  it('takes everything else as given', async () => {
    const { id } = await manager.added();
    const change = {
      name: `renamed ${id}`,
      description: 'new',
      upstream_registry_url: 'https://127.0.0.4:8443',
      version_filter: 'latest:3',
      with_prereleases: true,
      key_trust: 'community',
      cool_down_days: 1,
      pull_through: true,
      keep_versions: 1,
      keep_used_days: 1,
      sync_interval_hours: 1,
    };
    expect(await changed(id, change)).toMatchObject(change);
  });

  it('leaves letting more through to administrators, and everything else to who manages mirrors', async () => {
    const mirror = await manager.added({ cool_down_days: 5, key_trust: 'hashicorp' });
    const only = await MirrorUser.managing(app);
    const loosened = [
      { key_trust: 'community' },
      { cool_down_days: 4 },
      { auto_approval: { patch_only: true } },
    ];
    for (const change of loosened) {
      const refused = await only.put(mirror.id, change);
      expect([refused.status, refused.json<{ details: string }>().details]).toEqual([
        403,
        `Required scope: admin, to let more through by ${Object.keys(change)[0]}`,
      ]);
      expect((await manager.put(mirror.id, change)).status).toBe(200);
    }
    const stricter = { key_trust: 'pinned', cool_down_days: 30, auto_approval: null, description: 'strict' };
    expect((await only.put(mirror.id, stricter)).status).toBe(200);
    const added = await only.add({ ...aMirror(), key_trust: 'community' });
    expect(added.status).toBe(403);
  });

  it('leaves it to administrators also when somebody has read the description of this interface', async () => {
    expect((await app.request('/swagger.json')).status).toBe(200);
    const mirror = await manager.added({ key_trust: 'hashicorp' });
    const only = await MirrorUser.managing(app);
    expect((await only.put(mirror.id, { key_trust: 'community' })).status).toBe(403);
    expect((await only.put(mirror.id, { key_trust: 'pinned' })).status).toBe(200);
  });

  it('refuses what adding refuses, and changes nothing then', async () => {
    const mirror = await manager.added();
    const other = await manager.added();
    const wrong = [
      { name: '' },
      { name: null },
      { upstream_registry_url: null },
      { upstream_registry_url: 'http://127.0.0.1' },
      { version_filter: 'newest' },
      { platform_filter: ['linux'] },
      { auto_approval: {} },
      { sync_interval_hours: 0 },
    ];
    for (const body of wrong) {
      expect([body, (await manager.put(mirror.id, body)).status]).toEqual([body, 400]);
    }
    const taken = await manager.put(mirror.id, { name: other.name });
    expectApiError(taken, 409, 'Mirror configuration with this name already exists');
    expect((await manager.get(mirror.id)).json()).toEqual(mirror);
    expectApiError(await manager.put(NOBODY, {}), 404, 'Mirror not found');
  });

  it('keeps the token for an empty text, replaces it, and takes it out with null', async () => {
    const { id } = await manager.added({ upstream_token: TOKEN });
    expect(await changed(id, { upstream_token: '' })).toMatchObject({ upstream_token_set: true });
    expect(await tokenOf(id)).toBe(TOKEN);
    await changed(id, { upstream_token: 'another-token' });
    expect(await tokenOf(id)).toBe('another-token');
    expect(await changed(id, { upstream_token: null })).toMatchObject({ upstream_token_set: false });
    expect(await tokenOf(id)).toBeUndefined();
  });

  it('records that the token was replaced, and not what it is', async () => {
    const { id } = await manager.added();
    await changed(id, { upstream_token: TOKEN });
    const [entry] = await app.query<{ metadata: unknown }>(
      `SELECT metadata FROM audit_entries WHERE resource_id = $1 AND action LIKE 'PUT %'`,
      [id],
    );
    expect(entry!.metadata).toMatchObject({
      replaced: ['upstream_token'],
      before: { upstream_token_set: false },
      after: { upstream_token_set: true },
    });
    expect(JSON.stringify(entry)).not.toContain(TOKEN);
  });

  it('never sends a stored token to an upstream that it was not given for', async () => {
    const { id } = await manager.added({ upstream_token: TOKEN });
    const elsewhere = { upstream_registry_url: OTHER_UPSTREAM };
    for (const body of [elsewhere, { ...elsewhere, upstream_token: '' }]) {
      expectApiError(await manager.put(id, body), 400, /send upstream_token again/, {
        fields: expect.anything() as object,
      });
    }
    expect(await manager.put(id, { upstream_registry_url: 'http://127.0.0.3' })).toMatchObject({
      status: 400,
    });
    expect(await manager.put(id, { ...elsewhere, upstream_token: 'new' })).toMatchObject({ status: 200 });
    expect(await tokenOf(id)).toBe('new');
    await changed(id, { upstream_registry_url: UPSTREAM, upstream_token: null });
    expect(await tokenOf(id)).toBeUndefined();
  });

  it('leaves upstream and organization alone once something was found through it', async () => {
    const mirror = await manager.added();
    const organization_id = await app.addOrganization(`readers-${mirror.id.slice(0, 8)}`);
    await found(mirror.id);
    const admin = new MirrorUser(app, await app.issueKey('admin'));
    const upstream = await admin.put(mirror.id, { upstream_registry_url: OTHER_UPSTREAM });
    expectApiError(upstream, 409, /upstream stays; create another mirror/, {
      fields: { upstream_registry_url: expect.any(String) as string },
    });
    expectApiError(await admin.put(mirror.id, { organization_id }), 409, /organization stays/, {
      fields: { organization_id: expect.any(String) as string },
    });
    const same = { upstream_registry_url: UPSTREAM, organization_id: '', name: `same ${mirror.id}` };
    expect((await admin.put(mirror.id, same)).status).toBe(200);
  });

  it('leaves upstream and organization alone while a run goes on', async () => {
    const { id } = await manager.added();
    const run = await runOf(app, id);
    const body = { upstream_registry_url: OTHER_UPSTREAM };
    expectApiError(await manager.put(id, body), 409, /sync is in progress/);
    expect((await manager.put(id, { version_filter: '1.x' })).status).toBe(200);
    await app.query(`UPDATE mirror_syncs SET status = 'success', completed_at = now() WHERE id = $1`, [run]);
    expect((await manager.put(id, body)).status).toBe(200);
  });

  it('gives a mirror that found nothing to another organization, and takes it back', async () => {
    const organization_id = await app.addOrganization('given');
    const admin = new MirrorUser(app, await app.issueKey('admin'));
    const { id } = await admin.added();
    expect((await admin.put(id, { organization_id })).json()).toMatchObject({ organization_id });
    expect((await admin.put(id, { organization_id: '' })).json()).toMatchObject({ organization_id });
    const tenant = await MirrorUser.managing(app, organization_id);
    expectApiError(await tenant.put(id, { organization_id: null }), 403, 'Missing required scope', {
      details: 'Required scope: mirrors:manage',
    });
    expect((await admin.put(id, { organization_id: null })).json()).not.toHaveProperty('organization_id');
    expect((await tenant.get(id)).status).toBe(404);
  });

  it('schedules a mirror that is enabled, and none that is disabled', async () => {
    const { id } = await manager.added();
    expect(await changed(id, { enabled: true })).toMatchObject({ next_sync_at: aTime });
    expect(await changed(id, { enabled: false })).not.toHaveProperty('next_sync_at');
    await app.query(`UPDATE mirrors SET last_sync_at = '2100-01-01T00:00:00Z' WHERE id = $1`, [id]);
    expect(await changed(id, { enabled: true, sync_interval_hours: 5 })).toMatchObject({
      next_sync_at: '2100-01-01T05:00:00.000Z',
    });
    expect(await changed(id, { sync_interval_hours: 6 })).toMatchObject({
      next_sync_at: '2100-01-01T06:00:00.000Z',
    });
  });

  it('loses no field when two change different ones at the same moment', async () => {
    const { id } = await manager.added();
    const changes = [
      { description: 'one' },
      { cool_down_days: 3 },
      { version_filter: '2.x' },
      { keep_versions: 8 },
      { pull_through: true },
    ];
    await Promise.all(changes.map((change) => manager.put(id, change)));
    expect((await manager.get(id)).json()).toMatchObject(Object.assign({}, ...changes) as object);
  });
});

function identityOf({ id, name, created_at, updated_at }: ShownMirror) {
  return { id, name, created_at, updated_at };
}
