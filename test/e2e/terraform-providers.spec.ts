import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { packageName, providerPackage, shasumsOf, testSigner } from '../support/build-fixtures.js';
import { E2eRegistry, providerConfiguration, shortened, TRANSPORTS } from '../support/e2e-registry.js';
import { publishProvider, publishRelease } from '../support/publish-client.js';
import { TERRAFORM } from '../support/terraform-cli.js';
import type { TerraformWorkspace } from '../support/terraform-cli.js';

const OS = process.platform === 'darwin' ? 'darwin' : 'linux';
const ARCH = process.arch === 'arm64' ? 'arm64' : 'amd64';
const HERE = `${OS}_${ARCH}`;
const ELSEWHERE = HERE === 'linux_arm64' ? 'linux_amd64' : 'linux_arm64';

/** The lines of a lock file that carry a hash of one scheme. */
function lockedHashes(workspace: TerraformWorkspace, scheme: 'h1' | 'zh'): string[] {
  const text = readFileSync(join(workspace.path, '.terraform.lock.hcl'), 'utf8');
  return [...text.matchAll(/"((?:h1|zh):[^"]+)"/g)]
    .map((match) => match[1]!)
    .filter((hash) => hash.startsWith(scheme));
}

describe.skipIf(!TERRAFORM).each(TRANSPORTS)('terraform with providers %s', (_title, transport) => {
  let e2e: E2eRegistry;
  const workspaces: TerraformWorkspace[] = [];

  const workspace = (provider: string, version: string, token?: string): TerraformWorkspace => {
    const one = e2e.workspace(providerConfiguration(`${e2e.host}/${provider}`, version), { token });
    workspaces.push(one);
    return one;
  };
  const install = (type: string, version = '1.0.0', platform = HERE): string[] => {
    const [os, arch] = platform.split('_');
    const sums = `terraform-provider-${type}_${version}_SHA256SUMS`;
    const zip = packageName(type, version, platform);
    return [
      `GET /v1/providers/myorg/${type}/${version}/download/${os}/${arch}`,
      `GET /v1/files/…/${sums}`,
      `GET /v1/files/…/${sums}.sig`,
      `HEAD /v1/files/…/${zip}`,
      `GET /v1/files/…/${zip}`,
    ];
  };

  async function publishPlatforms(
    type: string,
    version: string,
    platforms: readonly string[],
  ): Promise<void> {
    for (const platform of platforms) {
      const [os, arch] = platform.split('_');
      const file = providerPackage(type, version, platform);
      const answer = await publishProvider(e2e.publish, { type, version, os, arch, file, fileLast: true });
      expect(answer.status, answer.body.toString()).toBe(201);
    }
  }

  async function publishSigned(type: string): Promise<void> {
    const signer = await testSigner();
    const packages = Object.fromEntries(
      [HERE, ELSEWHERE].map((platform) => [
        packageName(type, '1.0.0', platform),
        providerPackage(type, '1.0.0', platform),
      ]),
    );
    const shasums = shasumsOf(packages);
    const answer = await publishRelease(e2e.publish, {
      type,
      version: '1.0.0',
      packages,
      shasums,
      shasumsSignature: await signer.sign(shasums),
      publicKey: signer.publicKey,
    });
    expect(answer.status, answer.body.toString()).toBe(201);
  }

  beforeAll(async () => {
    e2e = await E2eRegistry.start(transport);
    await publishPlatforms('mycloud', '1.0.0', [HERE, ELSEWHERE]);
    await publishPlatforms('grows', '1.0.0', [HERE]);
    await publishPlatforms('elsewhere', '1.0.0', ['plan9_amd64']);
    await publishSigned('signed');
  });
  afterAll(() => e2e?.stop());
  beforeEach(() => e2e.proxy.clear());
  afterEach(() => workspaces.splice(0).forEach((one) => one.remove()));

  it('installs a provider that the registry signed, with the requests that the protocol names (checklist 1, 68, 71, 75, 94)', async () => {
    const one = workspace('myorg/mycloud', '1.0.0');
    const init = await one.run('init');
    expect(init.text).toMatch(/Installed .*\/myorg\/mycloud v1\.0\.0 \(self-signed, key ID [0-9A-F]{16}\)/);
    expect(init.status).toBe(0);
    expect(shortened(e2e.proxy.lines())).toEqual([
      ...e2e.discovery,
      'GET /v1/providers/myorg/mycloud/versions',
      ...install('mycloud'),
    ]);
    expect(e2e.proxy.requests.some((request) => request.headers.authorization !== undefined)).toBe(false);
  });

  it('installs with a credential, which is sent to the API and not to files (checklist 13, 16, 23)', async () => {
    const init = await workspace('myorg/mycloud', '1.0.0', e2e.key).run('init');
    expect(init.status, init.text).toBe(0);
    for (const request of e2e.proxy.requests) {
      const expected = request.path.startsWith('/v1/files/') ? undefined : `Bearer ${e2e.key}`;
      expect(request.headers.authorization, request.path).toBe(expected);
    }
  });

  it('installs a provider that its publisher signed (checklist 73, 76, 79, 80)', async () => {
    const one = workspace('myorg/signed', '1.0.0');
    const init = await one.run('init');
    expect(init.text).toMatch(/Installed .*\/myorg\/signed v1\.0\.0 \(self-signed, key ID/);
    expect(init.status).toBe(0);
    expect(lockedHashes(one, 'zh')).toHaveLength(2);
  });

  it('asks only for discovery and versions when everything is installed, also with -upgrade (checklist 69)', async () => {
    const one = workspace('myorg/mycloud', '1.0.0');
    expect(await one.run('init')).toMatchObject({ status: 0 });
    for (const command of [['init'], ['init', '-upgrade']]) {
      e2e.proxy.clear();
      const again = await one.run(...command);
      expect(again.status, again.text).toBe(0);
      expect(e2e.proxy.lines()).toEqual([...e2e.discovery, 'GET /v1/providers/myorg/mycloud/versions']);
    }
  });

  it('locks two platforms, and the lock installs afterwards (checklist 78)', async () => {
    const one = workspace('myorg/mycloud', '1.0.0');
    const lock = await one.run('providers', 'lock', `-platform=${HERE}`, `-platform=${ELSEWHERE}`);
    expect(lock.status, lock.text).toBe(0);
    expect(shortened(e2e.proxy.lines())).toEqual([
      ...e2e.discovery,
      'GET /v1/providers/myorg/mycloud/versions',
      ...install('mycloud', '1.0.0', HERE),
      'GET /v1/providers/myorg/mycloud/versions',
      ...install('mycloud', '1.0.0', ELSEWHERE),
    ]);
    expect(lockedHashes(one, 'h1')).toHaveLength(2);
    expect(lockedHashes(one, 'zh')).toHaveLength(2);
    const init = await one.run('init', '-lockfile=readonly');
    expect(init.status, init.text).toBe(0);
  });

  it('keeps a lock valid when the version gets another platform (checklist 88)', async () => {
    const one = workspace('myorg/grows', '1.0.0');
    expect(await one.run('init')).toMatchObject({ status: 0 });
    expect(lockedHashes(one, 'zh')).toHaveLength(1);
    await publishPlatforms('grows', '1.0.0', [ELSEWHERE]);
    const fresh = workspace('myorg/grows', '1.0.0');
    fresh.write('.terraform.lock.hcl', readFileSync(join(one.path, '.terraform.lock.hcl'), 'utf8'));
    const init = await fresh.run('init');
    expect(init.status, init.text).toBe(0);
    expect(lockedHashes(fresh, 'h1')).toEqual(lockedHashes(one, 'h1'));
  });

  it('finds a provider by an address in other case, because the CLI folds it (checklist 91)', async () => {
    const init = await workspace('MyOrg/MyCloud', '1.0.0').run('init');
    expect(init.status, init.text).toBe(0);
    expect(e2e.proxy.lines()).toContain('GET /v1/providers/myorg/mycloud/versions');
  });

  it('says that an unknown provider is not there (checklist 86)', async () => {
    const init = await workspace('myorg/nothing', '1.0.0').run('init');
    expect(init.status).toBe(1);
    expect(init.text).toContain('does not have a provider named');
  });

  it('says that there is no package for this platform (checklist 86)', async () => {
    const init = await workspace('myorg/elsewhere', '1.0.0').run('init');
    expect(init.status).toBe(1);
    expect(init.text).toContain('does not have a package available for your current platform');
  });

  it('shows the reason of a deprecated version as a warning of the registry (checklist 70)', async () => {
    await publishPlatforms('oldcloud', '1.0.0', [HERE]);
    const deprecated = await e2e.get('/api/v1/providers/myorg/oldcloud/versions/1.0.0/deprecate', {
      method: 'POST',
      headers: { authorization: `Bearer ${e2e.key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ message: 'Use myorg/mycloud instead' }),
    });
    expect(deprecated.status, deprecated.body.toString()).toBe(200);
    const init = await workspace('myorg/oldcloud', '1.0.0').run('init');
    expect(init.status, init.text).toBe(0);
    expect(init.text).toContain('Additional provider information from registry');
    expect(init.text).toContain('Use myorg/mycloud instead');
  });
});
