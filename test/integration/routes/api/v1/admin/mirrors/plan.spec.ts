import { Platform } from '../../../../../../../src/kernel/terraform/platform.js';
import { PackageSizes } from '../../../../../../../src/mirror/upstream/package-sizes.js';
import { RegistryClient } from '../../../../../../../src/mirror/upstream/registry-client.js';
import { upstreamRegistry } from '../../../../../../../src/mirror/upstream/upstream-registry.js';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  FakeUpstream,
  type Lie,
  type Noted,
} from '../../../../../../support/fakes/upstream/fake-upstream.js';
import {
  makeUpstreamKeys,
  type UpstreamKeys,
} from '../../../../../../support/fakes/upstream/upstream-keys.js';
import { packageBytes, VERSION } from '../../../../../../support/fakes/upstream/upstream-release.js';
import { TestApp } from '../../../../../../support/test-app.js';
import { MirrorUser, QUIET, UPSTREAM } from './support.js';

interface Plan {
  providers_count: number;
  versions_count: number;
  packages_count: number;
  known_bytes: number;
  unknown_sizes: number;
  left_out_count: Record<string, number>;
  complete: boolean;
  cut: boolean;
  providers: { versions: { version: string; packages: object[] }[]; left_out: object[] }[];
  failures: { about: string; code: string; message: string }[];
}

const SIZES = ['linux_amd64', 'darwin_arm64'].map((platform) => packageBytes(VERSION, platform).length);
const EVERYTHING = { namespace_filter: ['acme'] };

let keys: UpstreamKeys;
beforeAll(async () => {
  keys = await makeUpstreamKeys();
});

/** An application where a mirror may fetch everything, and what reads mirrors there. */
async function start(settings: Record<string, string> = {}): Promise<[TestApp, MirrorUser]> {
  const app = await TestApp.start({ ...QUIET, ...settings });
  await app.query(
    `INSERT INTO mirror_policies (name, policy_type, namespace_pattern, priority) VALUES ('all', 'allow', 'acme', 999)`,
  );
  return [app, await MirrorUser.administering(app)];
}

async function withUpstream(lie: Lie, use: (upstream: FakeUpstream) => Promise<void>): Promise<void> {
  const upstream = await FakeUpstream.start(keys, lie);
  try {
    await use(upstream);
  } finally {
    await upstream.stop();
  }
}

describe('a dry run', () => {
  let app: TestApp;
  let manager: MirrorUser;

  beforeAll(async () => {
    [app, manager] = await start();
  });
  afterAll(() => app?.stop());

  const planOf = async (mirror: object, body: object = {}): Promise<Plan> => {
    const { id } = await manager.added(mirror);
    const answer = await manager.post(id, '/plan', body);
    expect(answer.status).toBe(200);
    return answer.json<Plan>();
  };

  it('says which versions and platforms would be fetched, and how many bytes', async () => {
    await withUpstream({}, async ({ origin }) => {
      const plan = await planOf({ upstream_registry_url: origin, ...EVERYTHING });
      expect(plan).toMatchObject({
        providers_count: 1,
        versions_count: 3,
        packages_count: 6,
        // The fake has packages of one version only.
        known_bytes: SIZES[0]! + SIZES[1]!,
        unknown_sizes: 4,
        left_out_count: {},
        complete: true,
        cut: false,
        failures: [],
      });
      expect(plan.providers).toEqual([
        {
          namespace: 'acme',
          provider_name: 'widget',
          versions: [
            {
              version: VERSION,
              auto_approved: false,
              needs_trusted_key: false,
              packages: [
                { os: 'linux', arch: 'amd64', bytes: SIZES[0] },
                { os: 'darwin', arch: 'arm64', bytes: SIZES[1] },
              ],
            },
            expect.objectContaining({ version: '1.1.0' }),
            expect.objectContaining({ version: '1.0.0' }),
          ],
          left_out: [],
          warnings: [],
        },
      ]);
    });
  });

  it('fetches, stores and asks for nothing', async () => {
    const tables = ['mirror_syncs', 'mirrored_providers', 'mirror_approvals', 'mirror_keys', 'artifacts'];
    const countAll = async () => {
      const parts = tables.map((table) => `(SELECT count(*) FROM ${table}) AS ${table}`);
      return (await app.query(`SELECT ${parts.join(', ')}`))[0];
    };
    await withUpstream({}, async ({ origin }) => {
      const before = await countAll();
      await planOf({ upstream_registry_url: origin, ...EVERYTHING });
      expect(await countAll()).toEqual(before);
    });
  });

  it('says what is left out, and why', async () => {
    await withUpstream({}, async ({ origin }) => {
      const plan = await planOf({
        upstream_registry_url: origin,
        ...EVERYTHING,
        version_filter: 'latest:1',
        platform_filter: ['linux/amd64'],
      });
      expect(plan).toMatchObject({
        packages_count: 1,
        known_bytes: SIZES[0],
        unknown_sizes: 0,
        left_out_count: { 'version-filter': 2, 'platform-filter': 1 },
      });
      expect(plan.providers[0]!.left_out).toContainEqual({
        what: `${VERSION} darwin/arm64`,
        reason: 'platform-filter',
      });
    });
  });

  it('asks policies and approvals', async () => {
    const json: Lie['json'] = {
      list: () => ({ meta: { limit: 100 }, providers: [{ namespace: 'acme', name: 'widget' }] }),
    };
    await withUpstream({ json }, async ({ origin }) => {
      await app.query(`UPDATE mirror_policies SET requires_approval = true WHERE name = 'all'`);
      const plan = await planOf({ upstream_registry_url: origin, ...EVERYTHING });
      await app.query(`UPDATE mirror_policies SET requires_approval = false WHERE name = 'all'`);
      expect(plan).toMatchObject({ packages_count: 0, left_out_count: { 'needs-approval': 1 } });
      expect(await app.query('SELECT 1 FROM mirror_approvals')).toEqual([]);
    });
  });

  it('is what a run then fetches', async () => {
    await withUpstream({}, async ({ origin }) => {
      const { id } = await manager.added({
        upstream_registry_url: origin,
        ...EVERYTHING,
        version_filter: VERSION,
        key_trust: 'community',
      });
      const planned = (await manager.post(id, '/plan')).json<Plan>();
      const run = (await manager.post(id, '/sync')).json()['sync_id'] as string;
      const runNow = async () =>
        (await manager.get(id, `/syncs/${run}`)).json<{ sync: object; packages: [] }>();
      await expect
        .poll(async () => (await runNow()).sync, { timeout: 30_000 })
        .toMatchObject({ status: 'success', bytes_done: planned.known_bytes });
      const fetched = (await runNow()).packages.map(({ version, os, arch, bytes }) => ({
        version,
        os,
        arch,
        bytes,
      }));
      const expected = planned.providers.flatMap(({ versions }) =>
        versions.flatMap(({ version, packages }) => packages.map((one) => ({ version, ...one }))),
      );
      expect(fetched).toHaveLength(expected.length);
      expect(fetched).toEqual(expect.arrayContaining(expected));
      // And then there is nothing left to do.
      const again = (await manager.post(id, '/plan')).json<Plan>();
      expect(again).toMatchObject({ packages_count: 0, left_out_count: { present: expected.length } });
      const { providers } = (await manager.get(id, '/providers')).json<{ providers: object[] }>();
      expect(providers).toMatchObject([{ upstream_namespace: 'acme', last_sync_version: VERSION }]);
      expect((await manager.remove(id, '?purge=true')).status).toBe(200);
      await expect
        .poll(() => app.query(`SELECT 1 FROM provider_versions WHERE state <> 'deleted'`), {
          timeout: 30_000,
        })
        .toEqual([]);
    });
  });

  it('may be for a part of the mirror', async () => {
    await withUpstream({}, async ({ origin }) => {
      const plan = await planOf(
        { upstream_registry_url: origin, namespace_filter: ['acme', 'other'] },
        { namespace: 'acme', provider_name: 'widget' },
      );
      expect(plan).toMatchObject({ providers_count: 1, complete: true, failures: [] });
    });
  });

  it('tells what the upstream does not say, in words that are safe', async () => {
    const unreachable = await planOf({ upstream_registry_url: UPSTREAM, ...EVERYTHING });
    expect(unreachable).toMatchObject({
      complete: false,
      packages_count: 0,
      failures: [{ about: '127.0.0.3:1', code: 'upstream_unreachable' }],
    });
    const answers: Lie['answers'] = {
      versions: ({ response }) => response.writeHead(200).end('<html>secret page</html>'),
    };
    await withUpstream({ answers }, async ({ origin }) => {
      const plan = await planOf({ upstream_registry_url: origin, ...EVERYTHING });
      expect(plan).toMatchObject({
        complete: true,
        packages_count: 0,
        failures: [{ about: 'acme/widget', code: 'upstream_answer_invalid' }],
      });
      expect(JSON.stringify(plan)).not.toContain('secret page');
    });
  });

  it('takes a size only when the upstream says one', async () => {
    const sizes: Lie['answers'][] = [
      { zip: ({ response }) => response.writeHead(405).end() },
      { zip: ({ response }) => response.writeHead(200, { 'content-length': '123456' }).end() },
      { zip: ({ response }) => response.writeHead(200, { 'transfer-encoding': 'chunked' }).end() },
    ];
    const found: number[] = [];
    for (const answers of sizes) {
      await withUpstream({ answers: answers! }, async ({ origin }) => {
        const plan = await planOf({
          upstream_registry_url: origin,
          ...EVERYTHING,
          version_filter: VERSION,
          platform_filter: ['linux/amd64'],
        });
        found.push(plan.known_bytes, plan.unknown_sizes);
      });
    }
    expect(found).toEqual([0, 1, 123_456, 0, 0, 1]);
  });

  it('sends the token to the upstream, and to nobody else', async () => {
    const json: Lie['json'] = {
      package: (document, { elsewhere }) => ({ ...document, download_url: `${elsewhere}/files/x.zip` }),
    };
    await withUpstream({ json }, async (upstream) => {
      const { origin } = upstream;
      const service = await app.get(RegistryClient).discover(upstreamRegistry(origin, 'test-only-token'));
      const wanted = {
        name: { namespace: 'acme', type: 'widget' },
        version: VERSION,
        platform: Platform.parse({ os: 'linux', arch: 'amd64' }),
      };
      await app.get(PackageSizes).find(service, wanted, AbortSignal.timeout(10_000));
      const sent = (one: Noted) => one.headers.authorization;
      expect(upstream.askedElsewhere.map(sent)).toEqual([undefined]);
      expect(upstream.asked.filter(({ endpoint }) => endpoint === 'package').map(sent)).toEqual([
        'Bearer test-only-token',
      ]);
    });
  });
});

describe('the limits of dry runs', () => {
  let app: TestApp | undefined;
  let manager: MirrorUser;

  afterEach(() => app?.stop());

  it('are on the sizes that are asked for, and the lines that are listed', async () => {
    [app, manager] = await start({ TFR_MIRROR_PLAN_SIZE_CHECKS: '1', TFR_MIRROR_PLAN_LINES: '3' });
    await withUpstream({}, async ({ origin }) => {
      const { id } = await manager.added({ upstream_registry_url: origin, ...EVERYTHING });
      const plan = (await manager.post(id, '/plan')).json<Plan>();
      expect(plan).toMatchObject({ packages_count: 6, known_bytes: SIZES[0], unknown_sizes: 5, cut: true });
      expect(plan.providers[0]!.versions.map(({ packages }) => packages.length)).toEqual([2, 1]);
      const three = await manager.added({
        upstream_registry_url: origin,
        ...EVERYTHING,
        version_filter: `${VERSION}, 1.1.0`,
        platform_filter: ['linux/amd64'],
      });
      // One version, and two platforms of the others.
      const whole = (await manager.post(three.id, '/plan')).json<Plan>();
      expect(whole).toMatchObject({ packages_count: 2, cut: false });
    });
  });

  it('are on their time: then they answer what was found', async () => {
    [app, manager] = await start({
      TFR_MIRROR_PLAN_TIMEOUT: '1s',
      TFR_MIRROR_PLAN_CONCURRENCY: '1',
    });
    const answers: Lie['answers'] = { versions: () => undefined };
    await withUpstream({ answers }, async (upstream) => {
      const settings = { upstream_registry_url: upstream.origin, ...EVERYTHING };
      const [one, two] = [await manager.added(settings), await manager.added(settings)];
      const both = [manager.post(one.id, '/plan'), manager.post(one.id, '/plan')];
      await expect.poll(() => upstream.asked.length).toBeGreaterThan(1);
      const refused = await manager.post(two.id, '/plan');
      expect([refused.status, refused.headers['retry-after'], refused.json()['code']]).toEqual([
        503,
        '10',
        'dry_runs_busy',
      ]);
      for (const answer of await Promise.all(both)) {
        expect(answer.json()).toMatchObject({ complete: false, packages_count: 0 });
      }
      // Both shared one.
      expect(upstream.asked.filter(({ endpoint }) => endpoint === 'versions')).toHaveLength(1);
      expect((await manager.post(two.id, '/plan')).status).toBe(200);
    });
  });
});
