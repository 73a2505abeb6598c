import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { moduleArchive, packTarGz } from '../support/build-fixtures.js';
import { E2eRegistry, moduleConfiguration, shortened, TRANSPORTS } from '../support/e2e-registry.js';
import { publishModule } from '../support/publish-client.js';
import { TERRAFORM } from '../support/terraform-cli.js';
import type { TerraformWorkspace } from '../support/terraform-cli.js';

describe.skipIf(!TERRAFORM).each(TRANSPORTS)('terraform with modules %s', (_title, transport) => {
  let e2e: E2eRegistry;
  const workspaces: TerraformWorkspace[] = [];

  const workspace = (module: string, version: string, token?: string): TerraformWorkspace => {
    const one = e2e.workspace(moduleConfiguration(`${e2e.host}/${module}`, version), { token });
    workspaces.push(one);
    return one;
  };
  const sequence = (filename: string): string[] => [
    ...e2e.discovery,
    'GET /v1/modules/myorg/vpc/aws/versions',
    'GET /v1/modules/myorg/vpc/aws/1.0.0/download',
    `HEAD /v1/files/…/${filename}`,
    `GET /v1/files/…/${filename}`,
  ];

  beforeAll(async () => {
    e2e = await E2eRegistry.start(transport);
    const versions = ['1.0.0', '1.1.0', '2.0.0-beta.1'];
    for (const version of versions) {
      const archive = moduleArchive([{ name: 'VERSION', data: version }]);
      expect(await publishModule(e2e.publish, { version, archive })).toMatchObject({ status: 201 });
    }
    const inFolder = packTarGz([{ name: 'top/main.tf', data: 'output "where" {\n  value = "top"\n}\n' }]);
    const nested = { name: 'nested', version: '1.0.0', archive: inFolder };
    expect(await publishModule(e2e.publish, nested)).toMatchObject({ status: 201 });
    const camel = { namespace: 'Acme', name: 'Net', version: '1.0.0', archive: moduleArchive() };
    expect(await publishModule(e2e.publish, camel)).toMatchObject({ status: 201 });
  });
  afterAll(() => e2e?.stop());
  beforeEach(() => e2e.proxy.clear());
  afterEach(() => workspaces.splice(0).forEach((one) => one.remove()));

  it('installs a module without a credential, with the requests that the protocol names (checklist 1, 40, 44, 46, 47, 53)', async () => {
    const one = workspace('myorg/vpc/aws', '1.0.0');
    const init = await one.run('init');
    expect(init.text).toContain('Terraform has been successfully initialized');
    expect(init.status).toBe(0);
    expect(existsSync(join(one.path, '.terraform/modules/sample/main.tf'))).toBe(true);
    expect(shortened(e2e.proxy.lines())).toEqual(sequence('vpc-aws-1.0.0.tar.gz'));
    expect(e2e.proxy.requests.map((request) => request.headers.authorization)).not.toContain(
      expect.anything(),
    );
  });

  it('installs a module with a credential, which is sent to the API and not to the archive (checklist 13, 16, 23)', async () => {
    const init = await workspace('myorg/vpc/aws', '1.0.0', e2e.key).run('init');
    expect(init.status, init.text).toBe(0);
    expect(shortened(e2e.proxy.lines())).toEqual(sequence('vpc-aws-1.0.0.tar.gz'));
    for (const request of e2e.proxy.requests) {
      const expected = request.path.startsWith('/v1/files/') ? undefined : `Bearer ${e2e.key}`;
      expect(request.headers.authorization, request.path).toBe(expected);
    }
  });

  it('installs a module with `terraform get`, and the submodules in it', async () => {
    const source = `${e2e.host}/myorg/vpc/aws//modules/subnets`;
    const one = e2e.workspace(moduleConfiguration(source, '~> 1.0'));
    workspaces.push(one);
    const get = await one.run('get');
    expect(get.status, get.text).toBe(0);
    expect(get.text).toContain('1.1.0');
    expect(existsSync(join(one.path, '.terraform/modules/sample/modules/subnets/main.tf'))).toBe(true);
  });

  it('runs the module after it was installed', async () => {
    const one = workspace('myorg/vpc/aws', '1.0.0');
    one.write('outputs.tf', 'output "subnets" {\n  value = module.sample.subnet_cidr_blocks\n}\n');
    expect(await one.run('init')).toMatchObject({ status: 0 });
    const plan = await one.run('plan', '-no-color');
    expect(plan.text).toContain('10.0.1.0/24');
    expect(plan.status).toBe(0);
  });

  it('finds a newer version with `init -upgrade`', async () => {
    const one = workspace('myorg/vpc/aws', '1.0.0');
    expect(await one.run('init')).toMatchObject({ status: 0 });
    one.write('main.tf', moduleConfiguration(`${e2e.host}/myorg/vpc/aws`, '>= 1.0.0'));
    const upgrade = await one.run('init', '-upgrade');
    expect(upgrade.status, upgrade.text).toBe(0);
    expect(upgrade.text).toContain('1.1.0');
  });

  it('takes a pre-release only when it is asked for by name (checklist 57)', async () => {
    const init = await workspace('myorg/vpc/aws', '2.0.0-beta.1').run('init');
    expect(init.status, init.text).toBe(0);
  });

  it('installs a module that lies in a single top folder of its archive (checklist 50, 51)', async () => {
    const init = await workspace('myorg/nested/aws', '1.0.0').run('init');
    expect(init.status, init.text).toBe(0);
  });

  it('keeps the case of names as the user typed them (checklist 55)', async () => {
    const init = await workspace('Acme/Net/aws', '1.0.0').run('init');
    expect(init.status, init.text).toBe(0);
    expect(e2e.proxy.lines()).toContain('GET /v1/modules/Acme/Net/aws/versions');
  });

  it('says that an unknown module cannot be found (checklist 43)', async () => {
    const init = await workspace('myorg/nothing/aws', '1.0.0').run('init');
    expect(init.status).toBe(1);
    expect(init.text).toMatch(/Module not found/);
    expect(init.text).toMatch(/cannot be found in the module registry/);
  });

  it('says that no version fits', async () => {
    const init = await workspace('myorg/vpc/aws', '9.9.9').run('init');
    expect(init.status).toBe(1);
    expect(init.text).toMatch(/Unresolvable module version constraint/);
    expect(init.text).toContain('There is no available version of module');
  });
});
