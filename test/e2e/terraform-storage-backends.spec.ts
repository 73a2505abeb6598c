import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { moduleArchive, packTarGz, providerPackage } from '../support/build-fixtures.js';
import { E2eRegistry, moduleConfiguration, providerConfiguration } from '../support/e2e-registry.js';
import { publishModule, publishProvider } from '../support/publish-client.js';
import { type BackendServer, REMOTE_BACKENDS } from '../support/storage-backends.js';
import { storageEnv } from '../support/storage-env.js';
import { TERRAFORM, type TerraformWorkspace } from '../support/terraform-cli.js';

const OS = process.platform === 'darwin' ? 'darwin' : 'linux';
const ARCH = process.arch === 'arm64' ? 'arm64' : 'amd64';
const DIRECT = 'straight from the storage';
const CASES = [
  ...(['s3', 'azure', 'gcs'] as const).map((backend) => ({ backend, way: DIRECT, env: {} })),
  { backend: 's3' as const, way: 'through the server', env: { TFR_STORAGE_PROXY_DOWNLOADS: 'true' } },
];

describe.skipIf(!TERRAFORM).each(CASES)('terraform init from $backend, $way', ({ backend, way, env }) => {
  let server: BackendServer;
  let e2e: E2eRegistry;
  const workspaces: TerraformWorkspace[] = [];

  beforeAll(async () => {
    server = await REMOTE_BACKENDS[backend]();
    e2e = await E2eRegistry.start('tls', { ...storageEnv(server.settings), ...env });
    const archive = moduleArchive([{ name: 'VERSION', data: '1.0.0' }]);
    expect(await publishModule(e2e.publish, { version: '1.0.0', archive })).toMatchObject({ status: 201 });
    const inFolder = packTarGz([{ name: 'top/main.tf', data: 'output "where" {\n  value = "top"\n}\n' }]);
    const nested = { name: 'nested', version: '1.0.0', archive: inFolder };
    expect(await publishModule(e2e.publish, nested)).toMatchObject({ status: 201 });
    const file = providerPackage('mycloud', '1.0.0', `${OS}_${ARCH}`);
    const release = { type: 'mycloud', version: '1.0.0', os: OS, arch: ARCH, file, fileLast: true };
    expect(await publishProvider(e2e.publish, release)).toMatchObject({ status: 201 });
  });
  afterAll(async () => {
    workspaces.forEach((one) => one.remove());
    await e2e?.stop();
    await server?.stop();
  });

  async function init(main: string): Promise<TerraformWorkspace> {
    const workspace = e2e.workspace(main);
    workspaces.push(workspace);
    e2e.proxy.clear();
    const run = await workspace.run('init');
    expect(run.status, run.text).toBe(0);
    const isProxied = e2e.proxy.lines().some((line) => line.includes('/v1/files/'));
    expect(isProxied).toBe(way !== DIRECT);
    return workspace;
  }

  it('installs a module', async () => {
    const workspace = await init(moduleConfiguration(`${e2e.host}/myorg/vpc/aws`, '1.0.0'));
    expect(existsSync(join(workspace.path, '.terraform/modules/sample/VERSION'))).toBe(true);
  });

  it('installs a module that lies in a folder of its archive', async () => {
    const workspace = await init(moduleConfiguration(`${e2e.host}/myorg/nested/aws`, '1.0.0'));
    expect(existsSync(join(workspace.path, '.terraform/modules/sample/top/main.tf'))).toBe(true);
  });

  it('installs a provider', async () => {
    const workspace = await init(providerConfiguration(`${e2e.host}/myorg/mycloud`, '1.0.0'));
    expect(existsSync(join(workspace.path, '.terraform.lock.hcl'))).toBe(true);
  });
});
