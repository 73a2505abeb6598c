import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { providerPackage } from '../support/build-fixtures.js';
import { E2eRegistry, providerConfiguration, shortened } from '../support/e2e-registry.js';
import { publishProvider } from '../support/publish-client.js';
import { TERRAFORM, TerraformWorkspace } from '../support/terraform-cli.js';

const OS = process.platform === 'darwin' ? 'darwin' : 'linux';
const ARCH = process.arch === 'arm64' ? 'arm64' : 'amd64';
/** The CLI cannot ask a mirror for a provider whose host has a port. */
const HOST = 'registry.test';

describe.skipIf(!TERRAFORM)('terraform with the network mirror over TLS', () => {
  let e2e: E2eRegistry;
  const workspaces: TerraformWorkspace[] = [];

  beforeAll(async () => {
    e2e = await E2eRegistry.start('tls', { TFR_SERVER_HOST_ALIASES: HOST });
    const file = providerPackage('mycloud', '1.0.0', `${OS}_${ARCH}`);
    const answer = await publishProvider(e2e.publish, {
      type: 'mycloud',
      version: '1.0.0',
      os: OS,
      arch: ARCH,
      file,
    });
    expect(answer.status, answer.body.toString()).toBe(201);
  });
  afterAll(async () => {
    for (const workspace of workspaces) workspace.remove();
    await e2e?.stop();
  });

  const init = async (source: string) => {
    const workspace = new TerraformWorkspace({
      main: providerConfiguration(source, '1.0.0'),
      caFile: e2e.caFile,
      networkMirror: `${e2e.proxy.url}/terraform/providers/`,
    });
    workspaces.push(workspace);
    e2e.proxy.clear();
    return { workspace, result: await workspace.run('init') };
  };

  it('installs a provider of this registry and locks its hash', async () => {
    const { workspace, result } = await init(`${HOST}/myorg/mycloud`);
    expect(result.status, result.text).toBe(0);
    const zip = `terraform-provider-mycloud_1.0.0_${OS}_${ARCH}.zip`;
    expect(shortened(e2e.proxy.lines())).toEqual([
      `GET /terraform/providers/${HOST}/myorg/mycloud/index.json`,
      `GET /terraform/providers/${HOST}/myorg/mycloud/1.0.0.json`,
      `HEAD /v1/files/…/${zip}`,
      `GET /v1/files/…/${zip}`,
    ]);
    expect(readFileSync(join(workspace.path, '.terraform.lock.hcl'), 'utf8')).toMatch(/"h1:[^"]+"/);
  });

  it('says that a provider of another host is not here', async () => {
    const { result } = await init('registry.terraform.io/hashicorp/null');
    expect(result.status).not.toBe(0);
    expect(result.text).toContain('was not found in any of the search locations');
  });
});
