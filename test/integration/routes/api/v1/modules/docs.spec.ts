import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packTarGz, type PackedFile } from '../../../../../support/build-fixtures.js';
import { aModule, moduleApiPath } from '../../../../../support/factories/module.factory.js';
import { TestApp } from '../../../../../support/test-app.js';
import { analyzed, documentation, versionPath } from '../../../support/documentation.js';

const MODULE: readonly PackedFile[] = [
  {
    name: 'main.tf',
    data: [
      'terraform {',
      '  required_version = ">= 1.5"',
      '  required_providers {',
      '    aws = {',
      '      source  = "hashicorp/aws"',
      '      version = "~> 5.0"',
      '    }',
      '  }',
      '}',
      'variable "cidr" {',
      '  type        = string',
      '  description = "Address range"',
      '  validation {',
      '    condition     = length(var.cidr) > 0',
      '    error_message = "Give a range."',
      '  }',
      '}',
      'resource "aws_vpc" "this" {',
      '  cidr_block = var.cidr',
      '}',
      'output "id" {',
      '  value = aws_vpc.this.id',
      '}',
      '',
    ].join('\n'),
  },
  {
    name: 'README.md',
    data: '# Network\n\n[example](examples/complete) [gone](nowhere.md) [up](../../x)\n\n![plan](img/plan.png) ![b](https://ci.example/b.svg)\n\n<script>alert(1)</script>\n',
  },
  { name: 'CHANGELOG.md', data: '## 1.0.0\n\n* first\n' },
  { name: 'img/plan.png', data: Buffer.from('\x89PNG\r\n\x1a\nplan', 'latin1') },
  { name: 'examples/complete/main.tf', data: 'module "net" {\n  source = "../.."\n}\n' },
  {
    name: 'examples/complete/README.md',
    data: '# Complete\n\n[source](main.tf) ![plan](../../img/plan.png)\n',
  },
  { name: 'modules/web/main.tf', data: 'variable "port" {\n  default = 80\n}\n' },
];

describe('GET /api/v1/modules/{namespace}/{name}/{system}/versions/{version}/docs', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await TestApp.start({ TFR_DOCUMENTATION_AT_PUBLISH: 'true' });
  });
  afterAll(() => app?.stop());

  const publish = async (files: readonly PackedFile[], given: Parameters<typeof aModule>[0] = {}) => {
    const module = aModule({ ...given, archive: packTarGz([...files]) });
    expect((await app.publishModule(module)).status).toBe(201);
    return module;
  };

  it('shows what the root module of a published version declares', async () => {
    const module = await publish(MODULE);
    const docs = await analyzed(app, module);
    expect(docs).toMatchObject({
      status: 'ready',
      problems: [],
      path: '',
      kind: 'root',
      inputs: [
        {
          name: 'cidr',
          type: 'string',
          description: 'Address range',
          default: null,
          required: true,
          sensitive: false,
          validations: [{ error_message: 'Give a range.' }],
        },
      ],
      outputs: [{ name: 'id', sensitive: false }],
      providers: [{ name: 'aws', source: 'hashicorp/aws', version: '~> 5.0', aliases: [] }],
      resources: [{ name: 'this', type: 'aws_vpc', mode: 'managed', provider: 'aws' }],
      module_calls: [],
      requirements: [
        { name: 'terraform', version: '>= 1.5' },
        { name: 'hashicorp/aws', version: '~> 5.0' },
      ],
      submodules: ['modules/web'],
      examples: ['examples/complete'],
      comparison: null,
    });
    expect(docs['changelog_html']).toBe('<h2 id="readme-100">1.0.0</h2>\n<ul>\n<li>first</li>\n</ul>\n');
  });

  it('renders the README with links and images of the archive, and nothing that does harm', async () => {
    const module = await publish(MODULE);
    const files = `${versionPath(module)}/files?path=`;
    const { readme_html: html } = await analyzed(app, module);
    expect(html).toContain('<h1 id="readme-network">Network</h1>');
    expect(html).toContain(`href="${files}examples/complete/README.md"`);
    expect(html).toContain(`<img src="${files}img/plan.png" alt="plan" loading="lazy" />`);
    expect(html).toContain('<a>gone</a> <a>up</a>');
    expect(html).toContain('<a href="https://ci.example/b.svg" rel="nofollow noopener noreferrer">b</a>');
    expect(html).not.toContain('script');
  });

  it('shows submodules and examples by their path, and no other folder', async () => {
    const module = await publish(MODULE);
    expect(await analyzed(app, module, 'modules/web')).toMatchObject({
      path: 'modules/web',
      kind: 'submodule',
      inputs: [{ name: 'port', default: 80, required: false }],
      readme_html: '',
    });
    const example = await analyzed(app, module, 'examples/complete/');
    expect(example).toMatchObject({
      path: 'examples/complete',
      kind: 'example',
      module_calls: [{ name: 'net', source: '../..', version: '' }],
    });
    expect(example['readme_html']).toContain('files?path=examples/complete/main.tf"');
    expect(example['readme_html']).toContain('files?path=img/plan.png"');
    for (const path of ['img', 'modules', '../x', 'modules/web/main.tf']) {
      const answer = await documentation(app, module, path);
      expect([answer.status, answer.json()['error']]).toEqual([
        404,
        'The module has no submodule or example of this path',
      ]);
    }
  });

  it('finds the module inside the one folder of its archive', async () => {
    const module = await publish(MODULE.map(({ name, data }) => ({ name: `net-1.0/${name}`, data })));
    expect(await analyzed(app, module)).toMatchObject({ status: 'ready', submodules: ['modules/web'] });
  });

  it('reports broken HCL on the version, and shows what is not broken', async () => {
    const module = await publish([
      { name: 'a.tf', data: 'output "id" {\n  value = 1\n}\n' },
      { name: 'b.tf', data: 'variable "x" {\n  type = \n}}}\n' },
      { name: 'c.tf', data: Buffer.from([0xff, 0xfe, 0, 1]) },
    ]);
    const docs = await analyzed(app, module);
    expect(docs).toMatchObject({ status: 'ready', outputs: [{ name: 'id' }] });
    expect(docs['problems']).toEqual(
      expect.arrayContaining([expect.stringMatching(/^b\.tf:\d+: /), expect.stringMatching(/^c\.tf: /)]),
    );
  });

  it('keeps what a database could not: NUL and half characters', async () => {
    const module = await publish([
      { name: 'main.tf', data: 'variable "x" {\n  default = "a\\u0000b\\ud800"\n}\n' },
    ]);
    expect(await analyzed(app, module)).toMatchObject({ status: 'ready' });
  });

  it('is pending for a version that was never analyzed', async () => {
    const module = await publish(MODULE);
    await analyzed(app, module);
    await app.query('DELETE FROM module_documentation');
    expect((await documentation(app, module)).json()).toMatchObject({
      status: 'pending',
      inputs: [],
      readme_html: '',
      submodules: [],
    });
    expect((await documentation(app, module, 'modules/web')).status).toBe(404);
  });

  it('ends with the version, and begins again with the same bytes', async () => {
    const module = await publish(MODULE);
    await analyzed(app, module);
    const rows = () =>
      app.query<{ count: number }>(
        `SELECT count(*)::int AS count FROM module_documentation_parts p JOIN module_versions v ON v.id = p.version_id
         JOIN registry_modules m ON m.id = v.module_id WHERE m.name = $1`,
        [module.name],
      );
    expect(await rows()).toEqual([{ count: 3 }]);
    await app.request(versionPath(module), { method: 'DELETE', key: app.publisherKey });
    expect(await rows()).toEqual([{ count: 0 }]);
    expect((await documentation(app, module)).status).toBe(404);
    expect((await app.publishModule(module)).status).toBe(201);
    expect(await analyzed(app, module)).toMatchObject({ status: 'ready', kind: 'root' });
  });

  it('is absent where the namespace is private', async () => {
    const organization = await app.addOrganization('docs-secret', 'private');
    await app.query(`INSERT INTO namespace_claims (name, folded_name, organization_id) VALUES ($1, $1, $2)`, [
      'docs-secret',
      organization,
    ]);
    const key = await app.issueKey('modules:write', organization);
    const module = aModule({ namespace: 'docs-secret', archive: packTarGz([...MODULE]) });
    expect((await app.publishModule(module, key)).status).toBe(201);
    await analyzed(app, module);
    const nowhere = { ...module, namespace: 'nobody' };
    for (const path of ['docs', 'files?path=README.md']) {
      const hidden = await app.request(`${versionPath(module)}/${path}`);
      const absent = await app.request(`${versionPath(nowhere)}/${path}`);
      expect([hidden.status, hidden.json()['error']]).toEqual([absent.status, absent.json()['error']]);
      expect((await app.request(`${versionPath(module)}/${path}`, { key })).status).toBe(200);
    }
    const compare = `${moduleApiPath(module)}/compare?from=1.0.0&to=1.0.0`;
    expect((await app.request(compare)).status).toBe(404);
    expect((await app.request(compare, { key })).status).toBe(200);
  });

  it('is refused for a quarantined version', async () => {
    const module = await publish(MODULE);
    await analyzed(app, module);
    await app.query(
      `UPDATE module_versions SET state = 'quarantined', state_reason = 'stolen key', quarantined_at = now()
       WHERE module_id = (SELECT id FROM registry_modules WHERE name = $1)`,
      [module.name],
    );
    for (const path of ['docs', 'files?path=README.md']) {
      const answer = await app.request(`${versionPath(module)}/${path}`);
      expect([answer.status, answer.json()['error']]).toEqual([410, 'stolen key']);
    }
  });
});
