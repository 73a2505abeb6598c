import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newSpoolName } from '../../../src/platform/temp-files/spool-name.js';
import { Readiness } from '../../../src/platform/health/readiness.js';
import { JobRegistry } from '../../../src/platform/jobs/job-registry.js';
import { Scheduler } from '../../../src/platform/jobs/scheduler.js';
import { packTarGz } from '../../support/build-fixtures.js';
import { aModule, moduleApiPath } from '../../support/factories/module.factory.js';
import { TestApp } from '../../support/test-app.js';

let app: TestApp;
beforeAll(async () => {
  app = await TestApp.start();
});
afterAll(() => app?.stop());

describe('storage in the application', () => {
  it('asks for a sweep every storage.sweep_interval', async () => {
    app.get(Scheduler).start();
    const sweeps = () =>
      app.query<{ run_at: Date }>(
        `SELECT run_at FROM graphile_worker.jobs WHERE key = 'tick:sweep-orphans' AND task_identifier = 'sweep-orphans'`,
      );
    await expect.poll(sweeps).toHaveLength(1);
    app.get(Scheduler).stop();
    const [job] = await sweeps();
    expect(job!.run_at.getTime() - Date.now()).toBeLessThanOrEqual(app.config.storage.sweepIntervalMs);
  });

  it('sweeps what a deleted module let go when the job runs', async () => {
    const module = aModule({ archive: packTarGz([{ name: 'main.tf', data: '' }]), version: '1.0.0' });
    expect((await app.publishModule(module)).status).toBe(201);
    const removal = await app.request(moduleApiPath(module), { method: 'DELETE', key: app.publisherKey });
    expect(removal.status).toBeLessThan(300);
    await app.query(`UPDATE artifacts SET staged_at = now() - interval '2 days'`);
    const job = app
      .get(JobRegistry)
      .list()
      .find(({ name }) => name === 'sweep-orphans');
    await job!.run({}, new AbortController().signal);
    expect(await app.query('SELECT state FROM artifacts')).toEqual([{ state: 'doomed' }]);
    await app.query(`UPDATE artifacts SET doomed_at = now() - interval '2 days'`);
    await job!.run({}, new AbortController().signal);
    expect(await app.query('SELECT state FROM artifacts')).toEqual([]);
  });

  it('is not ready while the storage is away', async () => {
    const { localBasePath } = app.config.storage;
    const readiness = app.get(Readiness);
    expect((await readiness.check()).checks['storage']).toBe('healthy');
    await rename(localBasePath, `${localBasePath}-away`);
    try {
      await expect
        .poll(async () => (await readiness.check()).checks['storage'], { timeout: 5_000 })
        .toBe('unhealthy');
    } finally {
      await rename(`${localBasePath}-away`, localBasePath);
    }
    await expect
      .poll(async () => (await readiness.check()).checks['storage'], { timeout: 5_000 })
      .toBe('healthy');
  });

  it('removes at start what a killed process left in the spool', async () => {
    const { pid } = spawnSync(process.execPath, ['-e', '']);
    const left = join(
      app.config.storage.tempDir,
      newSpoolName('upload').replace(`.${process.pid}.`, `.${pid}.`),
    );
    await mkdir(left, { recursive: true });
    const other = await app.another();
    expect(existsSync(left)).toBe(false);
    await other.stop();
  });
});
