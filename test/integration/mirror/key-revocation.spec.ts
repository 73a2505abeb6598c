import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Mirror } from '../../../src/mirror/domain/mirror.js';
import { uniqueName } from '../../support/factories/names.js';
import {
  type CatalogueProvider,
  UpstreamCatalogue,
} from '../../support/fakes/upstream/upstream-catalogue.js';
import {
  makeUpstreamKeys,
  type UpstreamKey,
  type UpstreamKeys,
} from '../../support/fakes/upstream/upstream-keys.js';
import type { Answer } from '../../support/http-request.js';
import { addMirror, allowEverything, runSync } from '../../support/mirror-runs.js';
import { TestApp } from '../../support/test-app.js';

let app: TestApp;
let other: TestApp;
let admin: string;
let keys: UpstreamKeys;
let upstream: UpstreamCatalogue;
let widget: CatalogueProvider;
let gadget: CatalogueProvider;
let mirror: Mirror;

beforeAll(async () => {
  keys = await makeUpstreamKeys();
  app = await TestApp.start({
    TFR_SECURITY_EGRESS_ALLOWLIST: UpstreamCatalogue.HOST,
    TFR_AUTH_ANONYMOUS_READ: 'true',
    TFR_MIRROR_PULL_THROUGH_MEMORY: '0s',
  });
  other = await app.another();
  admin = await app.issueKey('admin');
  await allowEverything(app);
});
afterAll(async () => {
  await other?.stop();
  await app?.stop();
});

beforeEach(async () => {
  const platforms = ['linux_amd64', 'darwin_arm64'];
  widget = { namespace: 'acme', type: uniqueName('widget'), versions: ['1.0.0', '1.1.0'], platforms };
  gadget = { namespace: 'other', type: uniqueName('gadget'), versions: ['2.0.0'], platforms };
  upstream = await UpstreamCatalogue.start(keys.honest, [widget, gadget]);
  mirror = await addMirror(app, {
    upstream: upstream.origin,
    namespaces: ['acme', 'other'],
    keyTrust: 'community',
  });
  expect(await runSync(app, mirror)).toMatchObject({ status: 'success' });
  return () => upstream.stop();
});

const post = (path: string, json: unknown = {}, on = app): Promise<Answer> =>
  on.request(path, { method: 'POST', key: admin, json });
const keysPath = (rest = '', of = mirror): string => `/api/v1/admin/mirrors/${of.id}/keys${rest}`;

/** The id of a key in a namespace of a mirror. */
async function idOf({ fingerprint }: UpstreamKey, namespace = 'acme', of = mirror): Promise<string> {
  const answer = await app.request(keysPath('', of), { key: admin });
  const listed = answer.json<{ keys: { id: string; namespace: string; fingerprint: string }[] }>().keys;
  return listed.find((key) => key.fingerprint === fingerprint && key.namespace === namespace)!.id;
}

const folder = ({ namespace, type }: CatalogueProvider): string =>
  `/terraform/providers/${encodeURIComponent(upstream.authority)}/${namespace}/${type}`;

/** Versions in the index, or its status when there is none. */
async function offered(provider: CatalogueProvider, on = app): Promise<string[] | number> {
  const answer = await on.request(`${folder(provider)}/index.json`);
  return answer.status === 200 ? Object.keys(answer.json<{ versions: object }>().versions) : answer.status;
}

/** Path and query of the link to a package. */
async function linkTo(provider: CatalogueProvider, version: string, on = app): Promise<string> {
  const answer = await on.request(`${folder(provider)}/${version}.json`);
  const { archives } = answer.json<{ archives: Record<string, { url: string }> }>();
  const { pathname, search } = new URL(archives['linux_amd64']!.url);
  return pathname + search;
}

const statusOf = async (path: string, on = app): Promise<number> => (await on.request(path)).status;

/** A second signer from `version` on. */
async function signAlso(version: string): Promise<void> {
  await post(keysPath(), { namespace: 'acme', ascii_armor: keys.stranger.armor });
  widget.versions.push(version);
  widget.signer = keys.stranger;
  // What is here already is not described anew.
  expect(await runSync(app, mirror)).toMatchObject({ status: 'success' });
}

describe('revoking a key of a mirror', () => {
  it('stops what the key signed in every process, also links that were given out', async () => {
    const links = [await linkTo(widget, '1.0.0'), await linkTo(widget, '1.1.0', other)];
    for (const on of [app, other]) {
      expect(await offered(widget, on)).toEqual(['1.1.0', '1.0.0']);
      for (const link of links) expect(await statusOf(link, on)).toBe(200);
    }
    const answer = await post(keysPath(`/${await idOf(keys.honest)}/revoke`));
    expect(answer.json()).toMatchObject({ state: 'revoked', held_back_versions: 2 });
    await expect.poll(() => offered(widget, other), { interval: 20 }).toEqual([]);
    for (const link of links) {
      await expect.poll(() => statusOf(link, other), { interval: 20 }).toBe(410);
      expect(await statusOf(link)).toBe(410);
    }
    expect(await offered(widget)).toEqual([]);
    expect(await statusOf(`${folder(widget)}/1.0.0.json`)).toBe(404);
  });

  it('leaves other namespaces, and what another key signed', async () => {
    await signAlso('1.2.0');
    await post(keysPath(`/${await idOf(keys.honest)}/revoke`));
    expect(await offered(widget)).toEqual(['1.2.0']);
    expect(await statusOf(await linkTo(widget, '1.2.0'))).toBe(200);
    expect(await offered(gadget)).toEqual(['2.0.0']);
  });

  it('of all namespaces stops what it signed in all', async () => {
    const pinned = await post(keysPath(), { namespace: '*', ascii_armor: keys.honest.armor });
    const answer = await post(keysPath(`/${pinned.json<{ id: string }>().id}/revoke`));
    expect(answer.json()).toMatchObject({ held_back_versions: 3 });
    expect([await offered(widget), await offered(gadget)]).toEqual([[], []]);
  });

  it('holds nothing back when that is not wanted, and does so when it is asked for once more', async () => {
    const path = keysPath(`/${await idOf(keys.honest)}/revoke`);
    expect((await post(path, { hold_back: false })).json()).toMatchObject({ held_back_versions: 0 });
    expect(await offered(widget)).toEqual(['1.1.0', '1.0.0']);
    expect((await post(path, { hold_back: true })).json()).toMatchObject({ held_back_versions: 2 });
    expect(await offered(widget)).toEqual([]);
    expect((await post(path)).json()).toMatchObject({ state: 'revoked', held_back_versions: 0 });
    const wrong = await post(path, { hold_back: 'yes' });
    expect([wrong.status, wrong.json()]).toMatchObject([400, { error: /hold_back/ }]);
  });

  it('shows what it held back and why, and leaves a record of each version', async () => {
    const id = await idOf(keys.honest);
    await app.request(keysPath(`/${id}/revoke`), { method: 'POST', key: admin });
    const listed = await app.request(keysPath(`/${id}/versions`), { key: admin });
    const why = `It is signed with the key ${keys.honest.fingerprint}, which was revoked for its mirror`;
    expect(listed.json()).toMatchObject({
      versions: ['1.0.0', '1.1.0'].map((version) => ({
        namespace: 'acme',
        provider_name: widget.type,
        ...{ version, state: 'quarantined', state_reason: why },
      })),
    });
    const records = await app.query<{ resource: string; after: object }>(
      `SELECT resource_type AS resource, metadata->'after' AS after FROM audit_entries
       WHERE metadata->>'key_fingerprint' = $1 AND action LIKE 'POST %/revoke'
         AND (resource_id = $2 OR metadata->>'address' LIKE '%' || $3) ORDER BY resource_type, metadata->>'version'`,
      [keys.honest.fingerprint, mirror.id, widget.type],
    );
    const quarantined = { state: 'quarantined', state_reason: why };
    expect(records).toMatchObject([
      { resource: 'mirror', after: { state: 'revoked', held_back_versions: 2 } },
      { resource: 'provider', after: quarantined },
      { resource: 'provider', after: quarantined },
    ]);
  });

  it('is followed by runs that neither fetch nor bring back what it held back', async () => {
    await post(keysPath(`/${await idOf(keys.honest)}/revoke`));
    const fetched = upstream.packagesFetched;
    widget.versions.push('1.2.0');
    const run = await runSync(app, mirror);
    expect(run.details.failures).toMatchObject([{ code: 'release_key_revoked' }]);
    expect(await offered(widget)).toEqual([]);
    expect(upstream.packagesFetched).toBe(fetched);
  });

  it('is not gone round by pull-through', async () => {
    const given = await linkTo(widget, '1.0.0');
    await app.query('UPDATE mirrors SET is_pull_through = true WHERE id = $1', [mirror.id]);
    await post(keysPath(`/${await idOf(keys.honest)}/revoke`));
    const fetched = upstream.packagesFetched;
    for (const on of [app, other]) {
      await expect.poll(() => statusOf(`${folder(widget)}/1.0.0.json`, on)).toBe(404);
      expect(await offered(widget, on)).toEqual([]);
      expect(await statusOf(given, on)).toBe(410);
    }
    expect(upstream.packagesFetched).toBe(fetched);
  });

  it('can be undone for what was held back, which leaves what people quarantined', async () => {
    const path = `/api/v1/providers/acme/${widget.type}/versions/1.0.0`;
    await post(`${path}/withdraw`, { reason: 'old', mode: 'hide' });
    await post(`/api/v1/providers/acme/${widget.type}/versions/1.1.0/quarantine`, { reason: 'CVE-2026-1' });
    const id = await idOf(keys.honest);
    expect((await post(keysPath(`/${id}/revoke`))).json()).toMatchObject({ held_back_versions: 1 });
    const restored = await post(keysPath(`/${id}/restore-versions`));
    expect([restored.status, restored.json()]).toEqual([
      200,
      { message: 'Versions restored successfully', restored_versions: 1 },
    ]);
    const states = await app.query(
      `SELECT v.version, v.state, v.state_reason AS reason FROM provider_versions v
       JOIN registry_providers p ON p.id = v.provider_id WHERE p.type = $1 ORDER BY v.version`,
      [widget.type],
    );
    expect(states).toEqual([
      { version: '1.0.0', state: 'withdrawn', reason: 'old' },
      { version: '1.1.0', state: 'quarantined', reason: 'CVE-2026-1' },
    ]);
    expect(await statusOf(await linkTo(widget, '1.0.0'), other)).toBe(200);
    expect((await post(keysPath(`/${id}/restore-versions`))).json()).toMatchObject({ restored_versions: 0 });
  });

  it('concerns nothing that is here for others', async () => {
    const stranger = await addMirror(app, {
      upstream: upstream.origin,
      namespaces: ['acme'],
      organizationId: await app.addOrganization(uniqueName('lab')),
    });
    await runSync(app, stranger);
    const pinned = await post(keysPath('', stranger), { namespace: 'acme', ascii_armor: keys.honest.armor });
    const answer = await post(keysPath(`/${pinned.json<{ id: string }>().id}/revoke`, stranger));
    expect([answer.status, answer.json()]).toMatchObject([200, { held_back_versions: 0 }]);
    expect(await offered(widget)).toEqual(['1.1.0', '1.0.0']);
  });

  it('lets nothing through that arrives at the same moment', async () => {
    for (let round = 0; round < 3; round += 1) {
      const one = await addMirror(app, { upstream: upstream.origin, namespaces: [uniqueName('ns')] });
      const provider: CatalogueProvider = {
        ...{ namespace: one.namespaceFilter[0]!, type: uniqueName('racer'), platforms: ['linux_amd64'] },
        versions: Array.from({ length: 6 }, (_, nr) => `1.${nr}.0`),
      };
      upstream.providers.push(provider);
      const { namespace } = provider;
      const pinned = await post(keysPath('', one), { namespace, ascii_armor: keys.honest.armor });
      const { id } = pinned.json<{ id: string }>();
      let revoked: Promise<Answer> | undefined;
      upstream.beforePackage = (file) => {
        if (file.includes(provider.type) && file.includes(`1.${round * 2}.0`)) {
          revoked ??= post(keysPath(`/${id}/revoke`, one), {}, other);
        }
      };
      await runSync(app, one);
      expect((await revoked!).status).toBe(200);
      expect([[], 404]).toContainEqual(await offered(provider));
      const [served] = await app.query<{ count: number }>(
        `SELECT count(*)::int AS count FROM provider_versions v JOIN registry_providers p ON p.id = v.provider_id
         WHERE p.type = $1 AND v.state = 'active'`,
        [provider.type],
      );
      expect(served!.count).toBe(0);
    }
  });
});
