import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MirroredProviders } from '../../../src/providers/mirrored-providers.service.js';
import { providerPackage } from '../../support/build-fixtures.js';
import { aProvider } from '../../support/factories/provider.factory.js';
import { uniqueName } from '../../support/factories/names.js';
import {
  mirrorPath,
  mirrorRelease,
  UPSTREAM_HOST,
  type WantedRelease,
} from '../../support/mirrored-release.js';
import { TestApp } from '../../support/test-app.js';

const ROUNDS = 12;

let app: TestApp;

beforeAll(async () => {
  app = await TestApp.start();
});
afterAll(() => app?.stop());

const at = ({ host = UPSTREAM_HOST, namespace = 'hashicorp', type }: WantedRelease) => ({
  host,
  namespace,
  type,
});
const held = async (wanted: WantedRelease) =>
  (await app.get(MirroredProviders).held(at(wanted)))
    .map(({ version, platform }) => `${version} ${platform}`)
    .sort();
/** The code of the error that bringing it ends with. */
const refusal = (wanted: WantedRelease): Promise<string> =>
  mirrorRelease(app, wanted).then(
    () => 'brought',
    (error: { code?: string }) => error.code ?? String(error),
  );
const otherBytes = (wanted: WantedRelease) => () => providerPackage(wanted.type, '9.9.9', 'other');
/** Everything about a provider that a change would show in. */
const rows = (type: string) =>
  app.query(
    `SELECT v.*, d.path, d.etag, d.generation FROM registry_providers p JOIN provider_versions v ON v.provider_id = p.id
     JOIN protocol_documents d ON d.subject = 'provider:' || p.upstream_host || '/' || p.namespace || '/' || p.type
     WHERE p.type = $1 ORDER BY v.version, d.path`,
    [type],
  );

describe('what a mirror brings', () => {
  it('changes nothing when it is here already', async () => {
    const wanted = { type: uniqueName('cloud'), platforms: ['linux_amd64', 'darwin_arm64'] };
    const first = await mirrorRelease(app, wanted);
    const before = await rows(wanted.type);
    const second = await mirrorRelease(app, wanted);
    expect(before.length).toBeGreaterThan(0);
    expect(await rows(wanted.type)).toEqual(before);
    expect([second.provider.id, second.version.id]).toEqual([first.provider.id, first.version.id]);
  });

  it('may be a further platform of a version, also beside others that are here', async () => {
    const all = ['linux_amd64', 'darwin_arm64', 'windows_amd64'];
    const wanted = { type: uniqueName('cloud'), listed: all };
    await mirrorRelease(app, { ...wanted, platforms: ['linux_amd64'] });
    await mirrorRelease(app, { ...wanted, platforms: ['linux_amd64', 'darwin_arm64'] });
    await mirrorRelease(app, { ...wanted, platforms: ['windows_amd64'] });
    expect(await held(wanted)).toEqual(all.map((platform) => `1.0.0 ${platform}`).sort());
    const { archives } = (await app.request(`${mirrorPath(wanted)}/1.0.0.json`)).json<{ archives: object }>();
    expect(Object.keys(archives).sort()).toEqual([...all].sort());
  });

  it('may have checksums that gained lines, which are served with their signature from then on', async () => {
    const wanted = { type: uniqueName('cloud') };
    await mirrorRelease(app, wanted);
    const link = async () => {
      const path = `/v1/providers/hashicorp/${wanted.type}/1.0.0/download/linux/amd64`;
      const { shasums_url } = (await app.request(path, { lean: true })).json<{ shasums_url: string }>();
      return (await app.fetchLink(shasums_url)).body.toString();
    };
    const lines = async () => (await link()).trim().split('\n').length;
    expect(await lines()).toBe(1);
    await mirrorRelease(app, {
      ...wanted,
      platforms: ['darwin_arm64'],
      listed: ['linux_amd64', 'darwin_arm64'],
    });
    expect(await lines()).toBe(2);
  });

  it.each<[string, Partial<WantedRelease>]>([
    ['other bytes of a platform', { bytes: () => providerPackage('x', '9.9.9', 'other') }],
    ['checksums that lost a line', { platforms: ['darwin_arm64'], listed: ['darwin_arm64'] }],
    [
      'other protocols',
      { platforms: ['darwin_arm64'], listed: ['linux_amd64', 'darwin_arm64'], protocols: ['6.0'] },
    ],
  ])('is refused with %s, and what is here stays', async (_, change) => {
    const wanted = { type: uniqueName('cloud') };
    await mirrorRelease(app, wanted);
    const before = await rows(wanted.type);
    expect(await refusal({ ...wanted, ...change })).toBe('provider_release_differs');
    expect(await rows(wanted.type)).toEqual(before);
  });

  it('is recorded in the order of precedence, whatever the build metadata is', async () => {
    const type = uniqueName('cloud');
    const ordered = [
      '1.0.0-rc.1',
      '1.0.0-rc.1+b',
      '1.0.0-rc.1.1',
      '1.0.0',
      '1.0.0+a',
      '1.0.0+b',
      '1.0.1-a+z',
      '1.0.1',
    ];
    for (const version of ordered.toReversed()) await mirrorRelease(app, { type, version });
    const { versions } = (
      await app.request(`/v1/providers/hashicorp/${type}/versions`, { lean: true })
    ).json<{
      versions: { version: string }[];
    }>();
    expect(versions.map(({ version }) => version).toReversed()).toEqual(ordered);
  });

  it('is written only while its fence holds', async () => {
    const wanted = { type: uniqueName('cloud') };
    const fence = () => Promise.reject(new Error('the lease is lost'));
    await expect(mirrorRelease(app, { ...wanted, fence })).rejects.toThrow('the lease is lost');
    expect(await held(wanted)).toEqual([]);
    expect(await app.query('SELECT 1 FROM registry_providers WHERE type = $1', [wanted.type])).toEqual([]);
    expect(
      await app.query('SELECT 1 FROM namespace_claims WHERE name LIKE $1', [`%/${wanted.type}`]),
    ).toEqual([]);
  });

  it('is one provider with one complete version when many bring its platforms at once', async () => {
    const platforms = [
      'linux_amd64',
      'linux_arm64',
      'darwin_amd64',
      'darwin_arm64',
      'windows_amd64',
      'freebsd_amd64',
    ];
    const wanted = { type: uniqueName('cloud'), listed: platforms };
    await Promise.all(platforms.map((platform) => mirrorRelease(app, { ...wanted, platforms: [platform] })));
    expect(await held(wanted)).toEqual(platforms.map((platform) => `1.0.0 ${platform}`).sort());
    const { archives } = (await app.request(`${mirrorPath(wanted)}/1.0.0.json`)).json<{ archives: object }>();
    expect(Object.keys(archives).sort()).toEqual([...platforms].sort());
  });

  it('names its mirror in the audit log', async () => {
    const type = uniqueName('cloud');
    const { version } = await mirrorRelease(app, { type });
    const entries = await app.query<{ user_name: string; metadata: { address: string } }>(
      'SELECT user_name, metadata FROM audit_entries WHERE resource_id = $1',
      [version.id],
    );
    expect(entries).toMatchObject([
      { user_name: 'mirror test', metadata: { address: `${UPSTREAM_HOST}/hashicorp/${type}` } },
    ]);
  });
});

describe('what a mirror deletes', () => {
  it('leaves tombstones: the same bytes come back, others never do', async () => {
    const wanted = { type: uniqueName('cloud') };
    await mirrorRelease(app, wanted);
    await mirrorRelease(app, { ...wanted, version: '1.1.0' });
    await app.get(MirroredProviders).deleteVersions(at(wanted), ['1.0.0', '9.9.9']);
    expect(await held(wanted)).toEqual(['1.1.0 linux_amd64']);
    expect((await app.request(`${mirrorPath(wanted)}/1.0.0.json`)).status).toBe(404);
    expect(await refusal({ ...wanted, bytes: otherBytes(wanted) })).toBe('provider_release_differs');
    await mirrorRelease(app, wanted);
    expect(await held(wanted)).toEqual(['1.0.0 linux_amd64', '1.1.0 linux_amd64']);
  });

  it('frees the address with the whole provider, and still knows the bytes', async () => {
    const wanted = { type: uniqueName('cloud') };
    await mirrorRelease(app, wanted);
    await app.get(MirroredProviders).purge(at(wanted));
    expect(await held(wanted)).toEqual([]);
    expect(
      await app.query('SELECT 1 FROM namespace_claims WHERE name LIKE $1', [`%/${wanted.type}`]),
    ).toEqual([]);
    const paths = [`${mirrorPath(wanted)}/index.json`, `/v1/providers/hashicorp/${wanted.type}/versions`];
    for (const path of paths) expect((await app.request(path, { lean: true })).status).toBe(404);
    expect(await refusal({ ...wanted, bytes: otherBytes(wanted) })).toBe('provider_release_differs');
    await mirrorRelease(app, wanted);
    for (const path of paths) expect((await app.request(path, { lean: true })).status).toBe(200);
    await app.get(MirroredProviders).purge(at(wanted));
    const published = aProvider({ namespace: 'hashicorp', type: wanted.type });
    expect((await app.publishProvider(published)).status).toBe(201);
    expect(await refusal(wanted)).toBe('provider_published_here');
  });

  it('does not mind what is not here', async () => {
    const nothing = { host: UPSTREAM_HOST, namespace: 'hashicorp', type: uniqueName('none') };
    const mirrored = app.get(MirroredProviders);
    await mirrored.purge(nothing);
    await mirrored.holdBack(nothing, 'no');
    await mirrored.deleteVersions(nothing, ['1.0.0']);
    expect(await mirrored.held(nothing)).toEqual([]);
  });
});

describe('an address', () => {
  it('that was published by hand is not mirrored, also when it was deleted', async () => {
    const published = aProvider({ namespace: 'acme' });
    expect((await app.publishProvider(published)).status).toBe(201);
    const { namespace, type } = published;
    const mirrored = app.get(MirroredProviders);
    expect(await mirrored.isPublishedHere({ namespace, type })).toBe(true);
    expect(await mirrored.isPublishedHere({ namespace, type: 'nothing' })).toBe(false);
    expect(await refusal({ namespace, type })).toBe('provider_published_here');
    const path = `/api/v1/providers/${namespace}/${type}`;
    expect((await app.request(path, { method: 'DELETE', key: app.publisherKey })).status).toBe(200);
    expect(await refusal({ namespace, type })).toBe('provider_published_here');
    expect(await mirrored.isPublishedHere({ namespace, type })).toBe(true);
  });

  it('that a mirror serves is not published by hand, and the sentence says what to do', async () => {
    const wanted = { namespace: 'acme', type: uniqueName('cloud') };
    await mirrorRelease(app, wanted);
    const answer = await app.publishProvider(aProvider(wanted));
    expect(answer.status).toBe(409);
    expect(answer.json()['error']).toBe(
      `A mirror brings acme/${wanted.type} here, so it is neither published nor deleted by hand; use another namespace or type, or change the mirror`,
    );
    expect((await app.publishProvider(aProvider({ namespace: 'acme' }))).status).toBe(201);
  });

  it('has exactly one winner when it is published and mirrored at once', async () => {
    const outcomes = new Map<string, number>();
    for (let round = 0; round < ROUNDS; round += 1) {
      const wanted = { namespace: 'acme', type: uniqueName('raced') };
      const [published, mirrored] = await Promise.all([
        app.publishProvider(aProvider(wanted)).then(({ status }) => status),
        refusal(wanted),
      ]);
      const outcome = `${published} ${mirrored}`;
      expect(['201 provider_published_here', '409 brought']).toContain(outcome);
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      const found = await app.query('SELECT 1 FROM registry_providers WHERE type = $1', [wanted.type]);
      expect(found).toHaveLength(1);
    }
  });
});
