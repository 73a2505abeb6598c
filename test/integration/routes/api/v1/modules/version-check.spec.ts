import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packTarGz } from '../../../../../support/build-fixtures.js';
import { aModule } from '../../../../../support/factories/module.factory.js';
import { uniqueName } from '../../../../../support/factories/names.js';
import { TestApp } from '../../../../../support/test-app.js';
import { analyzed, documentation } from '../../../support/documentation.js';

const inputs = (...names: string[]) =>
  packTarGz([
    { name: 'main.tf', data: names.map((name) => `variable "${name}" {\n  default = 1\n}\n`).join('') },
  ]);
const BROKEN = packTarGz([{ name: 'main.tf', data: 'variable "a" {\n  default = \n}}}\n' }]);

describe.each(['warn', 'refuse'] as const)('publishing.version_check = %s', (mode) => {
  let app: TestApp;

  beforeAll(async () => {
    app = await TestApp.start({ TFR_DOCUMENTATION_AT_PUBLISH: 'true', TFR_PUBLISHING_VERSION_CHECK: mode });
  });
  afterAll(() => app?.stop());

  const publish = (name: string, version: string, archive: Buffer) =>
    app.publishModule(aModule({ name, version, archive }));

  it('takes a version whose number says what changed, without a word', async () => {
    const name = uniqueName('vpc');
    for (const [version, ...names] of [
      ['1.0.0', 'a'],
      ['1.1.0', 'a', 'b'],
      ['2.0.0', 'b'],
    ] as const) {
      const answer = await publish(name, version, inputs(...names));
      expect(answer.status).toBe(201);
      expect(answer.json()).not.toHaveProperty('warnings');
    }
  });

  it('has the documentation ready with the answer', async () => {
    const module = aModule({ archive: inputs('a') });
    expect((await app.publishModule(module)).status).toBe(201);
    expect((await documentation(app, module)).json()).toMatchObject({
      status: 'ready',
      inputs: [{ name: 'a' }],
    });
  });

  it('does not refuse what cannot be analyzed, and says so', async () => {
    const name = uniqueName('vpc');
    await publish(name, '1.0.0', inputs('a'));
    const answer = await publish(name, '1.0.1', BROKEN);
    expect(answer.status).toBe(201);
    expect(answer.json()['warnings']).toEqual([
      expect.stringMatching(/^The version was not compared with 1\.0\.0: /),
    ]);
    const next = await publish(name, '1.0.2', inputs());
    expect(next.json()['warnings']).toEqual([
      'The version was not compared with 1.0.1, which could not be analyzed',
    ]);
  });

  it('analyzes the version before when that was never done', async () => {
    const name = uniqueName('vpc');
    await publish(name, '1.0.0', inputs('a'));
    await app.query('DELETE FROM module_documentation');
    const answer = await publish(name, '1.0.1', inputs('b'));
    expect(answer.status).toBe(mode === 'refuse' ? 409 : 201);
  });

  it('warns of a step that is too small, or refuses it', async () => {
    const name = uniqueName('vpc');
    await publish(name, '1.0.0', inputs('a', 'b'));
    const answer = await publish(name, '1.0.1', inputs('a'));
    const sentence = expect.stringMatching(
      /^Version 1\.0\.1 is a patch step from 1\.0\.0, but the changes need a major step: .*b.* \(major\)$/s,
    );
    if (mode === 'warn') {
      expect(answer.status).toBe(201);
      expect(answer.json()['warnings']).toEqual([sentence]);
      return;
    }
    expect(answer.status).toBe(409);
    expect(answer.json()).toMatchObject({
      error: sentence,
      code: 'module_version_step_too_small',
      from: '1.0.0',
      needed: 'major',
      declared: 'patch',
      changes: [expect.stringContaining('b')],
    });
    const rows = await app.query<{ version: string }>(
      'SELECT version FROM module_versions v JOIN registry_modules m ON m.id = v.module_id WHERE m.name = $1',
      [name],
    );
    expect(rows).toEqual([{ version: '1.0.0' }]);
    expect((await publish(name, '2.0.0', inputs('a'))).status).toBe(201);
  });
});

describe('publishing.version_check = off', () => {
  it('says nothing', async () => {
    const app = await TestApp.start({ TFR_DOCUMENTATION_AT_PUBLISH: 'true' });
    try {
      const module = aModule({ archive: inputs('a') });
      await app.publishModule(module);
      const next = { ...module, version: '1.0.1', archive: inputs('b') };
      const answer = await app.publishModule(next);
      expect(answer.status).toBe(201);
      expect(answer.json()).not.toHaveProperty('warnings');
      await analyzed(app, next);
    } finally {
      await app.stop();
    }
  });
});
