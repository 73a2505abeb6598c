import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  type CatalogueProvider,
  UpstreamCatalogue,
} from '../../support/fakes/upstream/upstream-catalogue.js';
import { makeUpstreamKeys, type UpstreamKeys } from '../../support/fakes/upstream/upstream-keys.js';
import {
  addMirror,
  allowEverything,
  type EndedSync,
  heldPackages,
  runSync,
} from '../../support/mirror-runs.js';
import { TestApp } from '../../support/test-app.js';

let app: TestApp;
let admin: string;
let keys: UpstreamKeys;
let upstream: UpstreamCatalogue;
let widget: CatalogueProvider;

beforeAll(async () => {
  keys = await makeUpstreamKeys();
  app = await TestApp.start({ TFR_SECURITY_EGRESS_ALLOWLIST: UpstreamCatalogue.HOST });
  admin = await app.issueKey('admin');
  await allowEverything(app);
});
afterAll(() => app?.stop());

beforeEach(async () => {
  widget = { namespace: 'acme', type: 'widget', versions: ['1.0.0'], platforms: ['linux_amd64'] };
  upstream = await UpstreamCatalogue.start(keys.honest, [widget]);
  return () => upstream.stop();
});

const held = () => heldPackages(app, upstream.authority);

/** The command in the report that lets the held key count. */
function commandOf({ details }: EndedSync): string {
  const commands = details.warnings.map((text) =>
    /POST (\/api\/v1\/admin\/mirrors\/\S+\/approve)$/.exec(text),
  );
  expect(commands.filter(Boolean), JSON.stringify(details)).toHaveLength(1);
  return commands.find(Boolean)![1]!;
}

const approve = async (sync: EndedSync) => {
  const answer = await app.request(commandOf(sync), { method: 'POST', key: admin });
  expect(answer.status, answer.body.toString()).toBe(200);
  return answer.json<{ id: string; fingerprint: string }>();
};

describe('a mirror whose upstream changes its key (F2)', () => {
  it('holds what the new key signed, keeps the rest, and goes on when somebody approved it', async () => {
    const mirror = await addMirror(app, { upstream: upstream.origin, keyTrust: 'community' });
    expect(await runSync(app, mirror)).toMatchObject({ status: 'success' });
    const before = ['acme/widget 1.0.0 linux_amd64'];
    expect(await held()).toEqual(before);

    widget.versions.push('1.1.0');
    widget.signer = keys.stranger;
    const changed = await runSync(app, mirror);
    expect(changed.status).toBe('failed');
    expect(changed.details.failures).toMatchObject([
      {
        code: 'release_key_not_trusted',
        message: expect.stringContaining(keys.stranger.fingerprint) as string,
      },
    ]);
    expect(await held()).toEqual(before);
    expect(upstream.packagesFetched).toBe(1);

    const approved = await approve(changed);
    expect(approved).toMatchObject({ fingerprint: keys.stranger.fingerprint });
    const signed = async () =>
      (
        await app.request(`/api/v1/admin/mirrors/${mirror.id}/keys/${approved.id}/versions`, { key: admin })
      ).json();
    expect(await signed()).toEqual({ versions: [], pagination: { page: 1, per_page: 100, total: 0 } });
    expect(await runSync(app, mirror)).toMatchObject({ status: 'success' });
    expect(await held()).toEqual([...before, 'acme/widget 1.1.0 linux_amd64']);
    expect(await signed()).toEqual({
      versions: [
        {
          ...{ namespace: 'acme', provider_name: 'widget', version: '1.1.0' },
          ...{ state: 'active', state_reason: null },
        },
      ],
      pagination: { page: 1, per_page: 100, total: 1 },
    });
  });

  it('fetches nothing of a key that was revoked, and keeps what it signed before when that is wanted', async () => {
    const mirror = await addMirror(app, { upstream: upstream.origin, keyTrust: 'community' });
    await runSync(app, mirror);
    const list = await app.request(`/api/v1/admin/mirrors/${mirror.id}/keys`, { key: admin });
    const [key] = list.json<{ keys: { id: string; state: string }[] }>().keys;
    expect(key?.state).toBe('pinned');
    const path = `/api/v1/admin/mirrors/${mirror.id}/keys/${key!.id}/revoke`;
    const wanted = { hold_back: false };
    expect((await app.request(path, { method: 'POST', key: admin, json: wanted })).status).toBe(200);

    widget.versions.push('1.1.0');
    const revoked = await runSync(app, mirror);
    expect(revoked.details.failures).toMatchObject([{ code: 'release_key_revoked' }]);
    widget.signer = keys.stranger;
    widget.versions.push('1.2.0');
    const another = await runSync(app, mirror);
    expect(another.details.failures.map(({ code }) => code)).toContain('release_key_not_trusted');
    expect(await held()).toEqual(['acme/widget 1.0.0 linux_amd64']);
  });

  it.each(['pinned', 'hashicorp', 'partner'] as const)(
    'holds the first key of a namespace until somebody approved it: %s',
    async (keyTrust) => {
      const mirror = await addMirror(app, { upstream: upstream.origin, keyTrust });
      const first = await runSync(app, mirror);
      expect([first.status, await held()]).toEqual(['failed', []]);
      await approve(first);
      expect(await runSync(app, mirror)).toMatchObject({ status: 'success' });
      expect(await held()).toEqual(['acme/widget 1.0.0 linux_amd64']);
    },
  );
});
