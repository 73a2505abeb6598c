import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packTarGz } from '../../../../../support/build-fixtures.js';
import { aModule, moduleApiPath } from '../../../../../support/factories/module.factory.js';
import { uniqueName } from '../../../../../support/factories/names.js';
import { TestApp } from '../../../../../support/test-app.js';
import { analyzed } from '../../../support/documentation.js';

const inputs = (...names: string[]) =>
  packTarGz([
    { name: 'main.tf', data: names.map((name) => `variable "${name}" {\n  default = 1\n}\n`).join('') },
  ]);

describe('comparing versions of a module', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await TestApp.start({ TFR_DOCUMENTATION_AT_PUBLISH: 'true' });
  });
  afterAll(() => app?.stop());

  const publish = async (name: string, version: string, archive: Buffer) => {
    const module = aModule({ name, version, archive });
    expect((await app.publishModule(module)).status).toBe(201);
    return { module, docs: await analyzed(app, module) };
  };
  const compare = (name: string, query: string) =>
    app.request(`${moduleApiPath({ namespace: 'acme', name, system: 'aws' })}/compare?${query}`);

  it('says on a version what changed since the one before', async () => {
    const name = uniqueName('vpc');
    await publish(name, '1.0.0', inputs('a', 'b'));
    const { docs } = await publish(name, '1.1.0', inputs('a'));
    expect(docs['comparison']).toMatchObject({
      from: '1.0.0',
      to: '1.1.0',
      changes: [{ kind: 'input', name: 'b', change: 'removed', breaking: true }],
      verdict: { needed: 'major', declared: 'minor', ok: false },
    });
  });

  it('compares again when a version comes between', async () => {
    const name = uniqueName('vpc');
    await publish(name, '1.0.0', inputs('a'));
    const { module } = await publish(name, '1.2.0', inputs('a', 'b', 'c'));
    await publish(name, '1.1.0', inputs('a', 'b'));
    expect((await analyzed(app, module))['comparison']).toMatchObject({
      from: '1.1.0',
      changes: [{ name: 'c', change: 'added', breaking: false }],
      verdict: { needed: 'minor', declared: 'minor', ok: true },
    });
  });

  it('compares any two versions on demand', async () => {
    const name = uniqueName('vpc');
    await publish(name, '1.0.0', inputs('a', 'b'));
    await publish(name, '1.1.0', inputs('a', 'b', 'c'));
    await publish(name, '2.0.0', inputs('c'));
    const answer = await compare(name, 'from=v1&to=2.0.0');
    expect(answer.status).toBe(200);
    expect(answer.json()).toMatchObject({
      from: '1.0.0',
      to: '2.0.0',
      verdict: { needed: 'major', declared: 'major', ok: true },
    });
    const same = (await compare(name, 'from=1.1.0&to=1.1.0')).json();
    expect(same).toMatchObject({ changes: [], verdict: { needed: 'patch', ok: true } });
  });

  it.each([
    ['', 400, 'Name two versions: ?from=1.0.0&to=1.1.0'],
    ['from=1.0.0', 400, 'Name two versions: ?from=1.0.0&to=1.1.0'],
    ['from=1.0.0&to=x', 400, expect.stringContaining('Invalid version format')],
    ['from=1.0.0&to=9.0.0', 404, 'Version not found'],
  ])('answers ?%s with %i', async (query, status, error) => {
    const name = uniqueName('vpc');
    await publish(name, '1.0.0', inputs('a'));
    const answer = await compare(name, query);
    expect([answer.status, answer.json()['error']]).toEqual([status, error]);
  });

  it('says when a version has no documentation to compare', async () => {
    const name = uniqueName('vpc');
    const { module } = await publish(name, '1.0.0', inputs('a'));
    await app.query(
      `DELETE FROM module_documentation d USING module_versions v, registry_modules m
       WHERE d.version_id = v.id AND v.module_id = m.id AND m.name = $1`,
      [module.name],
    );
    const answer = await compare(name, 'from=1.0.0&to=1.0.0');
    expect([answer.status, answer.json()['code']]).toEqual([409, 'module_version_not_analyzed']);
  });
});
