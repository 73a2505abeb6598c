import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { StatementCounter } from '../../../../../src/platform/database/statement-counter.js';
import { packTarGz } from '../../../../support/build-fixtures.js';
import { aModule, moduleApiPath, moduleProtocolPath } from '../../../../support/factories/module.factory.js';
import { TestApp } from '../../../../support/test-app.js';
import { analyzed } from '../../support/documentation.js';
import { aTime, expectProtocolError } from '../../support/expectations.js';

type Detail = Record<string, unknown>;

const WHOLE = `
terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.0"
    }
  }
}
variable "name" {
  type        = string
  description = "What it is called"
}
variable "size" {
  type    = number
  default = 3
}
variable "zones" {
  type    = list(string)
  default = ["a", "b"]
}
resource "aws_vpc" "this" {}
data "aws_region" "this" {}
module "dns" {
  source  = "shown/dns/aws"
  version = "~> 1.0"
}
output "id" {
  description = "Its id"
  value       = aws_vpc.this.id
}
`;

describe('one module in the public registry API', () => {
  let app: TestApp;
  const module = aModule({
    namespace: 'shown',
    archive: packTarGz([
      { name: 'main.tf', data: 'resource "null_resource" "this" {}\n' },
      { name: 'README.md', data: '# The *network*\n' },
    ]),
  });
  const path = moduleProtocolPath(module);
  const idOf = (version: string): string => `shown/${module.name}/aws/${version}`;

  beforeAll(async () => {
    app = await TestApp.start({ TFR_DOCUMENTATION_AT_PUBLISH: 'true' });
    for (const version of ['1.0.0', '1.10.0', '1.9.0', '2.0.0-rc.1']) {
      expect((await app.publishModule({ ...module, version })).status).toBe(201);
    }
    expect((await app.publishModule({ ...module, system: 'azurerm' })).status).toBe(201);
  });
  afterAll(() => app?.stop());

  const detailOf = async (target: string, key?: string): Promise<Detail> => {
    const answer = await app.request(target, { key });
    expect(answer.status).toBe(200);
    return answer.json<Detail>();
  };

  it('is shown at its latest version: the highest stable one (checklist 63)', async () => {
    expect(await detailOf(path)).toMatchObject({
      id: idOf('1.10.0'),
      owner: 'default',
      namespace: 'shown',
      name: module.name,
      version: '1.10.0',
      provider: 'aws',
      description: '',
      source: '',
      published_at: aTime,
      downloads: 0,
      verified: expect.any(Boolean) as boolean,
      state: 'active',
    });
  });

  it('is shown at every version, however it is spelled, with pre-releases (checklist 57, 63)', async () => {
    for (const [spelled, version] of [
      ['1.9.0', '1.9.0'],
      ['v1.9', '1.9.0'],
      ['2.0.0-rc.1', '2.0.0-rc.1'],
    ]) {
      expect(await detailOf(`${path}/${spelled}`)).toMatchObject({ id: idOf(version!), version });
    }
  });

  it('has its root, its other systems and its versions, newest first (checklist 63)', async () => {
    const { root, submodules, examples, providers, versions } = await detailOf(path);
    expect(root).toMatchObject({ path: '', name: module.name, readme: '# The *network*\n', empty: false });
    for (const list of ['inputs', 'outputs', 'dependencies', 'provider_dependencies', 'resources']) {
      expect(root).toHaveProperty(list, expect.any(Array));
    }
    expect({ submodules, examples, providers, versions }).toEqual({
      submodules: [],
      examples: [],
      providers: ['aws', 'azurerm'],
      versions: ['2.0.0-rc.1', '1.10.0', '1.9.0', '1.0.0'],
    });
  });

  it('has the parts of the module as its files declare them (checklist 63)', async () => {
    const whole = aModule({
      namespace: 'shown',
      archive: packTarGz([
        { name: 'README.md', data: '# Whole\n' },
        { name: 'main.tf', data: WHOLE },
        { name: 'modules/web/main.tf', data: 'output "url" {\n  value = 1\n}\n' },
        { name: 'modules/web/README.md', data: '# Web\n' },
        { name: 'examples/complete/main.tf', data: 'module "whole" {\n  source = "../.."\n}\n' },
      ]),
    });
    await app.publishModule(whole);
    await analyzed(app, whole);
    const { root, submodules, examples } = await detailOf(moduleProtocolPath(whole));
    const empty = {
      empty: false,
      inputs: [],
      outputs: [],
      dependencies: [],
      provider_dependencies: [],
      resources: [],
    };
    expect(root).toEqual({
      path: '',
      name: whole.name,
      readme: '# Whole\n',
      empty: false,
      inputs: [
        { name: 'name', type: 'string', description: 'What it is called', default: '', required: true },
        { name: 'size', type: 'number', description: '', default: '3', required: false },
        { name: 'zones', type: 'list(string)', description: '', default: '["a","b"]', required: false },
      ],
      outputs: [{ name: 'id', description: 'Its id' }],
      dependencies: [{ name: 'dns', source: 'shown/dns/aws', version: '~> 1.0' }],
      provider_dependencies: [
        { name: 'aws', namespace: 'hashicorp', source: 'hashicorp/aws', version: '>= 5.0' },
      ],
      resources: [{ name: 'this', type: 'aws_vpc' }],
    });
    expect(submodules).toEqual([
      {
        ...empty,
        path: 'modules/web',
        name: 'web',
        readme: '# Web\n',
        outputs: [{ name: 'url', description: '' }],
      },
    ]);
    expect(examples).toEqual([
      {
        ...empty,
        path: 'examples/complete',
        name: 'complete',
        readme: '',
        dependencies: [{ name: 'whole', source: '../..', version: '' }],
      },
    ]);
  });

  it('says what is deprecated and why (checklist 65)', async () => {
    const old = aModule({ namespace: 'shown' });
    await app.publishModule(old);
    expect(await detailOf(`${moduleProtocolPath(old)}/1.0.0`)).not.toHaveProperty('deprecation');
    const deprecate = `${moduleApiPath(old)}/versions/1.0.0/deprecate`;
    await app.request(deprecate, { method: 'POST', key: app.publisherKey, json: { message: 'Too old' } });
    expect(await detailOf(`${moduleProtocolPath(old)}/1.0.0`)).toMatchObject({
      state: 'active',
      deprecation: { reason: 'Too old', link: '' },
    });
  });

  it('takes a version that is not deprecated for the latest', async () => {
    const two = aModule({ namespace: 'shown' });
    await app.publishModule(two);
    await app.publishModule({ ...two, version: '2.0.0' });
    const deprecate = `${moduleApiPath(two)}/versions/2.0.0/deprecate`;
    await app.request(deprecate, { method: 'POST', key: app.publisherKey, json: {} });
    expect(await detailOf(moduleProtocolPath(two))).toMatchObject({ version: '1.0.0' });
  });

  it('leads to the download of the latest version without naming a host (checklist 64, 110)', async () => {
    const answer = await app.request(`${path}/download`);
    expect(answer.status).toBe(302);
    expect(answer.headers['location']).toBe(`${path}/1.10.0/download`);
    const download = await app.request(String(answer.headers['location']));
    expect(download.status).toBe(204);
    expect(download.headers['x-terraform-get']).toContain('.tar.gz');
  });

  it('counts a download where the archive is given, not where the way to it is shown (checklist 62)', async () => {
    const counted = aModule({ namespace: 'shown' });
    await app.publishModule(counted);
    const at = moduleProtocolPath(counted);
    await app.request(`${at}/download`);
    expect(await detailOf(at)).toMatchObject({ downloads: 0 });
    await app.request(`${at}/1.0.0/download`);
    await app.request(`${at}/1.0.0/download`, { method: 'HEAD' });
    expect(await detailOf(at)).toMatchObject({ downloads: 1 });
  });

  describe('with versions that are not active (checklist 58)', () => {
    const held = aModule({ namespace: 'shown' });
    const at = moduleProtocolPath(held);
    const setState = (version: string, state: string): Promise<unknown> =>
      app.query(
        `UPDATE module_versions v SET state = $3, state_reason = 'Leaks' FROM registry_modules m
         WHERE m.id = v.module_id AND m.name = $1 AND v.version = $2`,
        [held.name, version, state],
      );

    beforeAll(async () => {
      for (const version of ['1.0.0', '2.0.0', '3.0.0']) await app.publishModule({ ...held, version });
      await setState('2.0.0', 'withdrawn');
      await setState('3.0.0', 'quarantined');
    });

    it('shows a withdrawn one, marked, and neither lists it nor takes it for the latest', async () => {
      expect(await detailOf(`${at}/2.0.0`)).toMatchObject({ state: 'withdrawn', state_reason: 'Leaks' });
      expect(await detailOf(at)).toMatchObject({ version: '1.0.0', versions: ['1.0.0'] });
    });

    it('shows a quarantined one to those who may write there, and to nobody else', async () => {
      const expected = { status: 404, error: 'Module version not found' };
      expectProtocolError(await app.request(`${at}/3.0.0`), expected.status, expected.error);
      const reader = await app.issueKey('modules:read');
      expectProtocolError(await app.request(`${at}/3.0.0`, { key: reader }), expected.status, expected.error);
      expect(await detailOf(`${at}/3.0.0`, app.publisherKey)).toMatchObject({ state: 'quarantined' });
    });

    it('has no latest version, and no way to its download, when nothing is active', async () => {
      await setState('1.0.0', 'withdrawn');
      expectProtocolError(await app.request(at), 404, 'Module version not found');
      expectProtocolError(await app.request(`${at}/download`), 404, 'Module version not found');
      await setState('1.0.0', 'active');
    });
  });

  it('is absent when the module or the version does not exist, in both forms of the error (checklist 43, 111)', async () => {
    expectProtocolError(await app.request('/v1/modules/shown/nothing/aws'), 404, 'Module not found');
    expectProtocolError(await app.request('/v1/modules/shown/nothing/aws/1.0.0'), 404, 'Module not found');
    expectProtocolError(await app.request('/v1/modules/shown/nothing/aws/download'), 404, 'Module not found');
    expectProtocolError(await app.request(`${path}/9.9.9`), 404, 'Module version not found');
    expect((await app.request(`${path}/1.x`)).status).toBe(400);
  });

  it('is found under exactly the spelling it was published in (checklist 55)', async () => {
    expect((await app.request(`/v1/modules/SHOWN/${module.name}/aws`)).status).toBe(404);
  });

  it('answers HEAD like GET, and leaves the version list of clients alone (checklist 40)', async () => {
    expect((await app.request(path, { method: 'HEAD' })).status).toBe(200);
    const lean = await app.request(`${path}/versions`, { lean: true });
    expect(lean.json()).toHaveProperty('modules.0.versions.length', 4);
  });

  it('makes as many statements for fifty versions as for one', async () => {
    const quiet = await TestApp.start();
    const many = aModule({ namespace: 'shown' });
    await quiet.publishModule(many);
    const few = await statementsOf(quiet, moduleProtocolPath(many));
    for (let minor = 1; minor < 50; minor += 1)
      await quiet.publishModule({ ...many, version: `1.${minor}.0` });
    expect(await statementsOf(quiet, moduleProtocolPath(many))).toBe(few);
    await quiet.stop();
  });
});

/** The least of several answers: other work of the process may send statements meanwhile. */
async function statementsOf(app: TestApp, path: string): Promise<number> {
  const counter = app.get(StatementCounter);
  const counts: number[] = [];
  for (let round = 0; round < 5; round += 1) {
    const before = counter.count;
    await app.request(path);
    counts.push(counter.count - before);
  }
  return Math.min(...counts);
}
