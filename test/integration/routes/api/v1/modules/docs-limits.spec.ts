import { afterEach, describe, expect, it } from 'vitest';
import { AnalysisThread } from '../../../../../../src/modules/analysis-thread.js';
import { packTarGz } from '../../../../../support/build-fixtures.js';
import { aModule } from '../../../../../support/factories/module.factory.js';
import { TestApp, type TestSettings } from '../../../../../support/test-app.js';
import { analyzed, documentation } from '../../../support/documentation.js';

const inFiles = (variables: number) =>
  Array.from({ length: variables / 10_000 }, (_, file) => ({
    name: `v${file}.tf`,
    data: Array.from(
      { length: 10_000 },
      (_line, index) => `variable "v${file}_${index}" {\n  default = [1, 2, 3]\n}\n`,
    ).join(''),
  }));

describe('a module that costs too much to analyze', () => {
  let app: TestApp;
  afterEach(() => app?.stop());

  const publish = async (settings: TestSettings, files: Parameters<typeof packTarGz>[0]) => {
    app = await TestApp.start({ TFR_DOCUMENTATION_AT_PUBLISH: 'true', ...settings });
    const module = aModule({ archive: packTarGz(files) });
    expect((await app.publishModule(module)).status).toBe(201);
    const docs = await analyzed(app, module);
    const next = aModule();
    expect((await app.publishModule(next)).status).toBe(201);
    return { docs, next: await analyzed(app, next) };
  };

  it('has no documentation when it takes too long', async () => {
    const { docs } = await publish({ TFR_DOCUMENTATION_TIMEOUT: '50ms' }, inFiles(60_000));
    expect(docs).toMatchObject({
      status: 'failed',
      problems: ['The analysis of the module was given up: it took longer than 0.05 s'],
    });
  });

  it('has no documentation when it needs too much memory, and the next one has', async () => {
    const settings = { TFR_DOCUMENTATION_MAX_HEAP: '64MiB', TFR_DOCUMENTATION_TIMEOUT: '60s' };
    const { docs, next } = await publish(settings, inFiles(200_000));
    expect(docs).toMatchObject({
      status: 'failed',
      problems: ['The analysis of the module was given up: it needed more than 64 MiB of memory'],
    });
    expect(next).toMatchObject({ status: 'ready' });
  });

  it('has no documentation when there would be too much of it', async () => {
    const settings = { TFR_DOCUMENTATION_MAX_RESULT_SIZE: '1KiB', TFR_DOCUMENTATION_TIMEOUT: '60s' };
    const { docs, next } = await publish(settings, inFiles(10_000));
    expect(docs['problems']).toEqual(['The module declares more than the registry can show']);
    expect(next).toMatchObject({ status: 'ready' });
  });

  it('is shown without the files that are too many', async () => {
    const { docs } = await publish({ TFR_DOCUMENTATION_MAX_SOURCE_SIZE: '1KiB' }, [
      { name: 'a.tf', data: `variable "a" {}\n#${'x'.repeat(1000)}` },
      { name: 'b.tf', data: `variable "b" {}\n` },
    ]);
    expect(docs).toMatchObject({
      status: 'ready',
      inputs: [{ name: 'a' }],
      problems: ['b.tf: The file was left out, because the sources have more than 1 KiB together'],
    });
  });

  it('waits for another try when the thread is ended from outside', async () => {
    app = await TestApp.start({ TFR_DOCUMENTATION_AT_PUBLISH: 'true' });
    const first = aModule();
    await app.publishModule(first);
    await analyzed(app, first);
    const large = aModule({ archive: packTarGz(inFiles(60_000)) });
    await app.publishModule(large);
    await app.get(AnalysisThread).stop();
    await app.query(`UPDATE module_documentation SET requested_at = now() WHERE analyzed_at IS NULL`);
    expect((await documentation(app, large)).status).toBe(200);
    const admin = await app.issueKey('admin');
    await app.request('/api/v1/admin/modules/reanalyze', { method: 'POST', key: admin, json: {} });
    expect((await analyzed(app, first))['status']).toBe('ready');
  });
});
