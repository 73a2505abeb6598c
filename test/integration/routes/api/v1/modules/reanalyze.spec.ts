import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { runModulesCommand } from '../../../../../../src/modules/module-commands.js';
import { packTarGz } from '../../../../../support/build-fixtures.js';
import { aModule, archiveOf } from '../../../../../support/factories/module.factory.js';
import { TestApp } from '../../../../../support/test-app.js';
import { analyzed, documentation } from '../../../support/documentation.js';

const PATH = '/api/v1/admin/modules/reanalyze';
const WAIT = { timeout: 25_000, interval: 100 };

describe('analyzing stored modules again', () => {
  let app: TestApp;
  let admin: string;

  beforeAll(async () => {
    app = await TestApp.start({
      TFR_DOCUMENTATION_AT_PUBLISH: 'true',
      TFR_DOCUMENTATION_REANALYSIS_PAUSE: '0',
    });
    admin = await app.issueKey('admin');
  });
  afterAll(() => app?.stop());
  beforeEach(async () => {
    await app.query('DELETE FROM module_versions');
    await app.query('DELETE FROM registry_modules');
  });

  const ask = (json: object, key = admin) => app.request(PATH, { method: 'POST', key, json });
  const progress = async (key = admin) => (await app.request(PATH, { key })).json();
  const settled = (expected: object) =>
    vi.waitFor(async () => expect(await progress()).toEqual(expected), WAIT);
  const publish = async (given: Parameters<typeof aModule>[0] = {}) => {
    const module = aModule(given);
    expect((await app.publishModule(module)).status).toBe(201);
    return module;
  };

  it('analyzes what was stored before there was an analysis, all of it', async () => {
    const modules = await Promise.all(Array.from({ length: 30 }, () => publish()));
    await settled({ pending: 0, ready: 30, failed: 0 });
    await app.query('DELETE FROM module_documentation');
    expect(await progress()).toEqual({ pending: 30, ready: 0, failed: 0 });
    const answer = await ask({});
    expect([answer.status, answer.json()]).toEqual([202, { queued: 30 }]);
    await settled({ pending: 0, ready: 30, failed: 0 });
    for (const module of modules) expect(await analyzed(app, module)).toMatchObject({ status: 'ready' });
  });

  it('keeps what is known until the new analysis is done', async () => {
    const module = await publish({ archive: packTarGz([{ name: 'main.tf', data: 'variable "a" {}\n' }]) });
    await analyzed(app, module);
    await app.query('UPDATE module_documentation SET requested_at = now()');
    expect(await progress()).toMatchObject({ pending: 1 });
    expect((await documentation(app, module)).json()).toMatchObject({
      status: 'ready',
      inputs: [{ name: 'a' }],
    });
  });

  it('finds versions of an older analyzer, and those that failed', async () => {
    for (let count = 0; count < 3; count += 1) await publish();
    await settled({ pending: 0, ready: 3, failed: 0 });
    expect((await ask({ only: 'outdated' })).json()).toEqual({ queued: 0 });
    expect((await ask({ only: 'failed' })).json()).toEqual({ queued: 0 });
    const one = `version_id = (SELECT min(version_id::text)::uuid FROM module_documentation)`;
    await app.query(`UPDATE module_documentation SET analyzer = 0 WHERE ${one}`);
    expect((await ask({ only: 'outdated' })).json()).toEqual({ queued: 1 });
    await settled({ pending: 0, ready: 3, failed: 0 });
    await app.query(`UPDATE module_documentation SET status = 'failed' WHERE ${one}`);
    expect((await ask({ only: 'failed' })).json()).toEqual({ queued: 1 });
    await settled({ pending: 0, ready: 3, failed: 0 });
  });

  it('can be asked for one namespace, module or version', async () => {
    const first = await publish({ namespace: 'some-where' });
    await publish({ ...first, version: '1.1.0', archive: archiveOf('next') });
    await publish({ namespace: 'some-where' });
    await publish({ namespace: 'else-where' });
    await settled({ pending: 0, ready: 4, failed: 0 });
    const { name, system } = first;
    const selections: [object, number][] = [
      [{ namespace: 'Some_Where' }, 3],
      [{ namespace: 'some-where', name }, 2],
      [{ namespace: 'some-where', name, system, version: 'v1.1' }, 1],
      [{ namespace: 'some-where', name, system: 'azurerm' }, 0],
    ];
    for (const [selection, queued] of selections) {
      expect((await ask(selection)).json()).toEqual({ queued });
      await settled({ pending: 0, ready: 4, failed: 0 });
    }
  });

  it('leaves deleted versions alone', async () => {
    const module = await publish();
    await analyzed(app, module);
    await app.request(`/api/v1/modules/acme/${module.name}/aws`, { method: 'DELETE', key: admin });
    expect((await ask({})).json()).toEqual({ queued: 0 });
    expect(await progress()).toEqual({ pending: 0, ready: 0, failed: 0 });
  });

  it('says on the version that its archive is gone, and goes on', async () => {
    const lost = await publish();
    const other = await publish();
    await settled({ pending: 0, ready: 2, failed: 0 });
    const [artifact] = await app.query<{ key: string }>(
      `SELECT a.key FROM artifacts a JOIN module_versions v ON v.artifact_id = a.id
       JOIN registry_modules m ON m.id = v.module_id WHERE m.name = $1`,
      [lost.name],
    );
    const path = join(app.config.storage.localBasePath, artifact!.key);
    await rename(path, `${path}.lost`);
    await ask({});
    await settled({ pending: 0, ready: 1, failed: 1 });
    await rename(`${path}.lost`, path);
    expect((await documentation(app, lost)).json()).toMatchObject({
      status: 'failed',
      problems: ['The archive of the version is damaged or missing'],
    });
    expect((await documentation(app, other)).json()).toMatchObject({ status: 'ready' });
  });

  it('is for administrators when no namespace is named', async () => {
    const answer = await ask({}, app.publisherKey);
    expect([answer.status, answer.json()['code']]).toEqual([403, 'whole_registry_forbidden']);
    const nothing = { namespace: null, name: null, system: null, version: null, only: null };
    expect((await ask(nothing, app.publisherKey)).json()['code']).toBe('whole_registry_forbidden');
    expect((await ask({ namespace: 'acme' }, app.publisherKey)).status).toBe(202);
  });

  it.each([
    [{ name: 'vpc' }, 'Name the namespace too'],
    [{ namespace: 'acme', version: 'x' }, 'Invalid version format'],
    [{ only: 'some' }, 'only'],
  ])('refuses %j', async (selection, message) => {
    const answer = await ask(selection);
    expect(answer.status).toBe(400);
    expect(JSON.stringify(answer.json())).toContain(message);
  });

  it('is recorded', async () => {
    await publish({ namespace: 'recorded' });
    await ask({ namespace: 'recorded', only: 'all' });
    const rows = await app.query<{ metadata: object }>(
      `SELECT metadata FROM audit_entries WHERE action = 'POST ${PATH}' ORDER BY id DESC LIMIT 1`,
    );
    expect(rows).toMatchObject([{ metadata: { namespace: 'recorded', only: 'all', queued: 1 } }]);
    await settled({ pending: 0, ready: 1, failed: 0 });
  });

  it('can be asked for on the command line', async () => {
    await publish({ namespace: 'by-command' });
    await settled({ pending: 0, ready: 1, failed: 0 });
    const lines: string[] = [];
    const output = { print: (line: string) => void lines.push(line), hint: () => undefined };
    const run = (...args: string[]) => runModulesCommand(args, app.server.app, output);
    expect(await run('reanalyze', '--namespace', 'by-command')).toBe(0);
    await settled({ pending: 0, ready: 1, failed: 0 });
    expect(await run('documentation')).toBe(0);
    expect(lines).toEqual(['1', '1 ready  0 pending  0 failed']);
    for (const wrong of [
      ['reanalyze', '--all'],
      ['reanalyze', 'x'],
      ['reanalyze', '--only', 'some'],
      ['drop'],
    ]) {
      await expect(run(...wrong)).rejects.toThrow(/Unknown argument/);
    }
  });
});
