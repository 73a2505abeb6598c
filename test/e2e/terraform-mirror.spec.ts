import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { E2eRegistry, providerConfiguration, shortened } from '../support/e2e-registry.js';
import { digestOf, FakeUpstream } from '../support/fakes/upstream/fake-upstream.js';
import { makeUpstreamKeys, type UpstreamKeys } from '../support/fakes/upstream/upstream-keys.js';
import {
  NAMESPACE,
  packageBytes,
  PLATFORMS,
  TYPE,
  VERSION,
} from '../support/fakes/upstream/upstream-release.js';
import { packageName } from '../support/build-fixtures.js';
import type { Answer } from '../support/http-request.js';
import { TERRAFORM, TerraformWorkspace, type WorkspaceOptions } from '../support/terraform-cli.js';

const OS = process.platform === 'darwin' ? 'darwin' : 'linux';
const ARCH = process.arch === 'arm64' ? 'arm64' : 'amd64';
const PLATFORM = `${OS}_${ARCH}`;
/** The CLI cannot ask a mirror for a host with a port: the registry reaches the upstream by this name, through a proxy. */
const UPSTREAM_HOST = 'upstream.test';
const ADDRESS = `${NAMESPACE}/${TYPE}`;
const SOURCE = `${UPSTREAM_HOST}/${ADDRESS}`;
const CAN_RUN = TERRAFORM !== undefined && (PLATFORMS as readonly string[]).includes(PLATFORM);

interface MirrorFile {
  readonly archives: Record<string, { readonly url: string; readonly hashes: string[] }>;
}

describe.skipIf(!CAN_RUN)('terraform with what a mirror fetched, over TLS', () => {
  let keys: UpstreamKeys;
  let upstream: FakeUpstream;
  let e2e: E2eRegistry;
  let admin: string;
  const workspaces: TerraformWorkspace[] = [];

  beforeAll(async () => {
    keys = await makeUpstreamKeys();
    upstream = await FakeUpstream.start(keys);
    e2e = await E2eRegistry.start('tls', { TFR_SECURITY_EGRESS_PROXY_URL: upstream.origin });
    admin = await e2e.registry.createKey('admin');
    await mirrorByRest();
  });
  afterAll(async () => {
    for (const workspace of workspaces) workspace.remove();
    await e2e?.stop();
    await upstream?.stop();
  });

  async function api(method: string, path: string, json?: unknown): Promise<Answer> {
    const headers = { authorization: `Bearer ${admin}`, 'content-type': 'application/json' };
    const body = json === undefined ? undefined : JSON.stringify(json);
    const answer = await e2e.get(`/api/v1/admin${path}`, { method, headers, body });
    expect(answer.status, answer.body.toString()).toBeLessThan(300);
    return answer;
  }

  /** Configures the mirror, pins the key of the upstream, and waits for the end of a run. */
  async function mirrorByRest(): Promise<void> {
    await api('POST', '/policies', {
      name: 'allow the upstream',
      policy_type: 'allow',
      upstream_registry: UPSTREAM_HOST,
      priority: 10,
    });
    const created = await api('POST', '/mirrors', {
      name: 'upstream',
      upstream_registry_url: `http://${UPSTREAM_HOST}`,
      namespace_filter: [NAMESPACE],
      provider_filter: [TYPE],
      version_filter: VERSION,
      key_trust: 'pinned',
      enabled: false,
    });
    const { id } = created.json<{ id: string }>();
    await api('POST', `/mirrors/${id}/keys`, { namespace: NAMESPACE, ascii_armor: keys.honest.armor });
    await api('POST', `/mirrors/${id}/sync`, {});
    for (let attempt = 0; ; attempt += 1) {
      const status = (await api('GET', `/mirrors/${id}/status`)).json<{
        recent_syncs: { status: string; error_message?: string }[];
      }>();
      const [last] = status.recent_syncs;
      if (last !== undefined && last.status !== 'running') {
        expect(last, JSON.stringify(last)).toMatchObject({ status: 'success' });
        return;
      }
      if (attempt > 300) throw new Error(`The run does not end: ${JSON.stringify(status)}`);
      await sleep(100);
    }
  }

  function workspaceFor(source: string, options: Partial<WorkspaceOptions> = {}): TerraformWorkspace {
    const workspace = new TerraformWorkspace({
      main: providerConfiguration(source, VERSION),
      caFile: e2e.caFile,
      networkMirror: `${e2e.proxy.url}/terraform/providers/`,
      ...options,
    });
    workspaces.push(workspace);
    e2e.proxy.clear();
    return workspace;
  }

  const lockOf = (workspace: TerraformWorkspace) =>
    readFileSync(join(workspace.path, '.terraform.lock.hcl'), 'utf8');

  const served = async (file: string) =>
    (await e2e.get(`/terraform/providers/${SOURCE}/${file}`)).json<Record<string, unknown>>();

  it('installs without a single request to the upstream, and locks the right hash', async () => {
    const asked = upstream.asked.length;
    const workspace = workspaceFor(SOURCE);
    const first = await workspace.run('init');
    expect(first.status, first.text).toBe(0);
    expect(shortened(e2e.proxy.lines())).toEqual([
      `GET /terraform/providers/${SOURCE}/index.json`,
      `GET /terraform/providers/${SOURCE}/${VERSION}.json`,
      `HEAD /v1/files/…/${packageName(TYPE, VERSION, PLATFORM)}`,
      `GET /v1/files/…/${packageName(TYPE, VERSION, PLATFORM)}`,
    ]);
    const { archives } = (await served(`${VERSION}.json`)) as unknown as MirrorFile;
    expect(lockOf(workspace)).toContain(`"${archives[PLATFORM]!.hashes[0]}"`);

    const again = workspaceFor(SOURCE);
    again.write('.terraform.lock.hcl', lockOf(workspace));
    const second = await again.run('init', '-lockfile=readonly');
    expect(second.status, second.text).toBe(0);
    expect(upstream.asked).toHaveLength(asked);
  });

  it('has the same versions, hashes and bytes as "terraform providers mirror" makes', async () => {
    const workspace = workspaceFor(SOURCE, {
      networkMirror: undefined,
      host: { host: UPSTREAM_HOST, url: upstream.origin },
    });
    const folder = join(workspace.path, 'mirror');
    mkdirSync(folder);
    const flags = PLATFORMS.map((platform) => `-platform=${platform}`);
    const made = await workspace.run('providers', 'mirror', ...flags, folder);
    expect(made.status, made.text).toBe(0);
    const theirs = join(folder, ...SOURCE.split('/'));
    const read = (file: string): unknown => JSON.parse(readFileSync(join(theirs, file), 'utf8'));
    expect(await served('index.json')).toEqual(read('index.json'));

    const oracle = read(`${VERSION}.json`) as MirrorFile;
    const { archives } = (await served(`${VERSION}.json`)) as unknown as MirrorFile;
    expect(Object.keys(archives).sort()).toEqual(Object.keys(oracle.archives).sort());
    for (const platform of PLATFORMS) {
      const { hashes, url } = archives[platform]!;
      const name = packageName(TYPE, VERSION, platform);
      const bytes = readFileSync(join(theirs, name));
      expect(oracle.archives[platform]).toEqual({ hashes: [hashes[0]], url: name });
      expect(hashes).toEqual([hashes[0], `zh:${digestOf(bytes)}`]);
      expect(bytes.equals(packageBytes(VERSION, platform))).toBe(true);
      const links = new URL(url, e2e.proxy.url);
      expect((await e2e.get(links.href)).body.equals(bytes)).toBe(true);
    }
    expect(readdirSync(theirs).filter((file) => file.endsWith('.zip'))).toHaveLength(PLATFORMS.length);
  });

  it('can be installed from the registry protocol of this registry too, with the signature of the upstream', async () => {
    const workspace = workspaceFor(`${e2e.host}/${ADDRESS}`, { networkMirror: undefined });
    const result = await workspace.run('init');
    expect(result.status, result.text).toBe(0);
    expect(result.text).toContain(keys.honest.fingerprint.slice(-16));
    const digests = PLATFORMS.map((platform) => digestOf(packageBytes(VERSION, platform)));
    for (const digest of digests) expect(lockOf(workspace)).toContain(`"zh:${digest}"`);
  });

  it('does not keep the CLI from another source that has what is not here', async () => {
    const elsewhere = 'elsewhere.test';
    const workspace = workspaceFor(`${elsewhere}/${ADDRESS}`, {
      alsoDirect: true,
      host: { host: elsewhere, url: upstream.origin },
    });
    const result = await workspace.run('init');
    expect(result.status, result.text).toBe(0);
    const [asked] = e2e.proxy.requests;
    expect([asked?.path, asked?.status]).toEqual([
      `/terraform/providers/${elsewhere}/${ADDRESS}/index.json`,
      404,
    ]);
    expect(existsSync(join(workspace.path, '.terraform', 'providers', elsewhere))).toBe(true);
  });

  it('installs while the upstream is gone', async () => {
    await upstream.stop();
    const result = await workspaceFor(SOURCE).run('init');
    expect(result.status, result.text).toBe(0);
  });
});
