import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { E2eRegistry, providerConfiguration, shortened } from '../support/e2e-registry.js';
import { FakeUpstream } from '../support/fakes/upstream/fake-upstream.js';
import { makeUpstreamKeys } from '../support/fakes/upstream/upstream-keys.js';
import { NAMESPACE, PLATFORMS, TYPE, VERSION } from '../support/fakes/upstream/upstream-release.js';
import { packageName } from '../support/build-fixtures.js';
import { TERRAFORM, TerraformWorkspace } from '../support/terraform-cli.js';

const OS = process.platform === 'darwin' ? 'darwin' : 'linux';
const ARCH = process.arch === 'arm64' ? 'arm64' : 'amd64';
const PLATFORM = `${OS}_${ARCH}`;
/** The CLI cannot ask a mirror for a host with a port: the registry reaches the upstream by this name, through a proxy. */
const UPSTREAM_HOST = 'upstream.test';
const SOURCE = `${UPSTREAM_HOST}/${NAMESPACE}/${TYPE}`;
const CAN_RUN = TERRAFORM !== undefined && (PLATFORMS as readonly string[]).includes(PLATFORM);

describe.skipIf(!CAN_RUN)('terraform with a mirror that fetches on demand, over TLS', () => {
  let upstream: FakeUpstream;
  let e2e: E2eRegistry;
  const workspaces: TerraformWorkspace[] = [];

  beforeAll(async () => {
    upstream = await FakeUpstream.start(await makeUpstreamKeys());
    e2e = await E2eRegistry.start('tls', { TFR_SECURITY_EGRESS_PROXY_URL: upstream.origin });
    const admin = await e2e.registry.createKey('admin');
    const post = async (path: string, json: unknown): Promise<void> => {
      const headers = { authorization: `Bearer ${admin}`, 'content-type': 'application/json' };
      const answer = await e2e.get(`/api/v1/admin${path}`, {
        method: 'POST',
        headers,
        body: JSON.stringify(json),
      });
      expect(answer.status, answer.body.toString()).toBe(201);
    };
    const allowed = { policy_type: 'allow', upstream_registry: UPSTREAM_HOST, priority: 10 };
    await post('/policies', { name: 'allow the upstream', ...allowed });
    await post('/mirrors', {
      name: 'upstream on demand',
      upstream_registry_url: `http://${UPSTREAM_HOST}`,
      key_trust: 'community',
      pull_through: true,
      sync_interval_hours: 24,
    });
  });
  afterAll(async () => {
    for (const workspace of workspaces) workspace.remove();
    await e2e?.stop();
    await upstream?.stop();
  });

  async function init(): Promise<string[]> {
    const workspace = new TerraformWorkspace({
      main: providerConfiguration(SOURCE, VERSION),
      caFile: e2e.caFile,
      networkMirror: `${e2e.proxy.url}/terraform/providers/`,
    });
    workspaces.push(workspace);
    e2e.proxy.clear();
    const { status, text } = await workspace.run('init');
    expect(status, text).toBe(0);
    return shortened(e2e.proxy.lines());
  }
  const fetched = (): number => upstream.asked.filter(({ endpoint }) => endpoint === 'zip').length;

  it('installs what is not here, and from then on without the upstream', async () => {
    expect(fetched()).toBe(0);
    const first = await init();
    expect(first.slice(0, 2)).toEqual([
      `GET /terraform/providers/${SOURCE}/index.json`,
      `GET /terraform/providers/${SOURCE}/${VERSION}.json`,
    ]);
    expect(first.at(-1)).toContain(`/pull/${PLATFORM}`);
    expect(fetched()).toBe(1);
    await expect
      .poll(async () => (await e2e.get(`/terraform/providers/${SOURCE}/${VERSION}.json`)).body.toString(), {
        timeout: 30_000,
      })
      .toContain('h1:');
    const second = await init();
    expect(second.at(-1)).toContain(packageName(TYPE, VERSION, PLATFORM));
    expect(fetched()).toBe(1);
  });
});
