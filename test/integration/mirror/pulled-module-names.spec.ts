import { describe, expect, it } from 'vitest';
import { FakeModuleUpstream, vpcModule } from '../../support/fakes/upstream/fake-module-upstream.js';
import { packZip } from '../../support/build-fixtures.js';
import { uniqueName } from '../../support/factories/names.js';

import {
  app,
  admin,
  upstream,
  module,
  api,
  tryMirror,
  addMirror,
  list,
  listed,
  ask,
  linkOf,
  follow,
  download,
  stored,
  claims,
  publish,
  useModule,
  usePulledModules,
} from './pulled-modules-fixture.js';

usePulledModules();

describe('Names of namespaces', () => {
  it('are pulled or published, never both', async () => {
    await addMirror();
    const refused = await publish();
    expect(refused.status).toBe(409);
    expect(refused.json<{ error: string }>().error).toContain(upstream.authority);
    const provider = await app.publishProvider({
      namespace: module.namespace,
      type: 'mine',
      version: '1.0.0',
      file: packZip([{ name: 'terraform-provider-mine_v1.0.0', data: 'x' }]),
    });
    expect(provider.status).toBe(409);
    expect(await stored()).toEqual([]);
  });

  it('look taken to publishers who may not read them', async () => {
    const own = await app.addOrganization(uniqueName('own'), 'private');
    const foreign = await app.addOrganization(uniqueName('foreign'), 'private');
    await addMirror({ organization_id: own });
    const stranger = await publish('9.0.0', await app.issueKey('modules:write', foreign));
    expect(stranger.status).toBe(403);
    expect(stranger.body.toString()).not.toContain(upstream.authority);
    expect((await publish('9.0.0', await app.issueKey('modules:write', own))).status).toBe(409);
  });

  it('cannot be taken from those who publish there, from other organizations, or from another upstream', async () => {
    expect((await publish()).status).toBe(201);
    const published = await tryMirror();
    expect([published.status, published.json<{ error: string }>().error]).toEqual([
      409,
      expect.stringContaining(module.namespace),
    ]);
    const other = await app.addOrganization(uniqueName('other'));
    expect((await tryMirror({ organization_id: other })).status).toBe(409);
    const name = await app.query<{ name: string }>('SELECT name FROM organizations WHERE id = $1', [other]);
    expect((await tryMirror({ module_namespaces: [name[0]!.name] })).status).toBe(409);
    const elsewhere = await FakeModuleUpstream.start([]);
    try {
      const mine = uniqueName('pulled');
      await addMirror({ module_namespaces: [mine] });
      const theirs = { module_namespaces: [mine], upstream_registry_url: elsewhere.origin };
      expect((await tryMirror(theirs)).status).toBe(409);
    } finally {
      await elsewhere.stop();
    }
  });

  it('are checked, shown and recorded', async () => {
    for (const names of [['acme-*'], ['a/b'], ['search'], ['Acme-X', 'acme_x'], [7]]) {
      const answer = await tryMirror({ module_namespaces: names });
      expect([names, answer.status]).toEqual([names, 400]);
      expect(answer.body.toString()).toContain('module_namespaces');
    }
    const id = await addMirror();
    expect((await api(`/${id}`)).json()).toMatchObject({ module_namespaces: [module.namespace] });
    const [entry] = await app.query<{ metadata: { after: object } }>(
      `SELECT metadata FROM audit_entries WHERE resource_id = $1 LIMIT 1`,
      [id],
    );
    expect(JSON.stringify(entry)).toContain(module.namespace);
  });

  it('are free again when the mirror lets them go and nothing of them is here', async () => {
    const id = await addMirror();
    expect(await claims()).toHaveLength(1);
    expect((await api(`/${id}`, 'PUT', { module_namespaces: [] })).status).toBe(200);
    expect(await claims()).toEqual([]);
    expect((await list()).status).toBe(404);
    expect((await api(`/${id}`, 'PUT', { module_namespaces: [module.namespace] })).status).toBe(200);
    expect(await claims()).toHaveLength(1);
    expect((await api(`/${id}`, 'PUT', { enabled: false })).status).toBe(200);
    expect(await claims()).toEqual([]);
    expect((await publish()).status).toBe(201);
    expect((await api(`/${id}`, 'PUT', { enabled: true })).status).toBe(409);
    expect((await api(`/${id}`, 'DELETE')).status).toBe(200);
  });

  it('stay with what was fetched, which stays readable, and nothing more is fetched', async () => {
    const id = await addMirror();
    const link = await linkOf('1.1.0');
    await download('1.0.0');
    expect((await api(`/${id}`, 'DELETE')).status).toBe(200);
    expect(await claims()).toEqual([{ pulled_from: upstream.authority, is_shared: true }]);
    const asked = upstream.asked.length;
    expect(await listed()).toEqual(['1.0.0']);
    await download('1.0.0');
    expect((await ask('1.1.0')).status).toBe(404);
    expect((await follow(link)).status).toBe(404);
    expect((await publish()).status).toBe(409);
    expect(upstream.asked.length).toBe(asked);
    await addMirror();
    expect(await listed()).toEqual(['2.0.0', '1.1.0', '1.0.0']);
  });

  it('become those of somebody else with the mirror, as long as nothing of them is here', async () => {
    const own = await app.addOrganization(uniqueName('own'), 'private');
    const id = await addMirror({ organization_id: null });
    expect((await api(`/${id}`, 'PUT', { organization_id: own })).status).toBe(200);
    expect(await claims()).toEqual([{ pulled_from: upstream.authority, is_shared: false }]);
    expect((await list()).status).toBe(404);
    const elsewhere = await FakeModuleUpstream.start([module]);
    try {
      const moved = await api(`/${id}`, 'PUT', { upstream_registry_url: elsewhere.origin });
      expect(moved.status, moved.body.toString()).toBe(200);
      expect(await claims()).toEqual([{ pulled_from: elsewhere.authority, is_shared: false }]);
      const reader = await app.issueKey('modules:read', own);
      const { headers } = await ask('1.0.0', app, reader);
      expect((await follow(headers['x-terraform-get'] as string)).status).toBe(200);
      expect((await api(`/${id}`, 'PUT', { upstream_registry_url: upstream.origin })).status).toBe(409);
      const other = await app.addOrganization(uniqueName('other'));
      expect((await api(`/${id}`, 'PUT', { organization_id: other })).status).toBe(409);
      expect(await claims()).toEqual([{ pulled_from: elsewhere.authority, is_shared: false }]);
    } finally {
      await elsewhere.stop();
    }
  });

  it('that somebody reserved and never used can be pulled for the same organization', async () => {
    const own = await app.addOrganization(uniqueName('own'), 'private');
    const json = { name: module.namespace, organization_id: own };
    const reserved = await app.request('/api/v1/namespaces', { method: 'POST', key: admin, json });
    expect(reserved.status, reserved.body.toString()).toBe(201);
    expect((await tryMirror()).status).toBe(409);
    await addMirror({ organization_id: own });
    expect(await claims()).toEqual([{ pulled_from: upstream.authority, is_shared: false }]);
  });

  it('go to exactly one of a publisher and a mirror that come at the same time', async () => {
    for (let round = 0; round < 10; round += 1) {
      useModule(vpcModule({ namespace: uniqueName('raced') }));
      const [published, mirrored] = await Promise.all([publish(), tryMirror()]);
      expect([published.status, mirrored.status].sort()).toEqual([201, 409]);
      expect(await stored()).toHaveLength(published.status === 201 ? 1 : 0);
    }
  });

  it('are neither moved nor released behind the back of the mirror', async () => {
    await addMirror();
    const path = `/api/v1/namespaces/${module.namespace}`;
    const other = await app.addOrganization(uniqueName('other'));
    const moved = await app.request(path, { method: 'PUT', key: admin, json: { organization_id: other } });
    const released = await app.request(path, { method: 'DELETE', key: admin });
    expect([moved.status, released.status]).toEqual([409, 409]);
    expect(moved.body.toString()).toContain('module_namespaces');
  });
});
