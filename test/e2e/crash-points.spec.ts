import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { NestFactory } from '@nestjs/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AppModule } from '../../src/app.module.js';
import { FAILPOINT_NAMES } from '../../src/platform/failpoints/failpoint-names.js';
import type { FailpointName } from '../../src/platform/failpoints/failpoint-names.js';
import { AppLogger } from '../../src/platform/logging/logger.js';
import { LoggingModule } from '../../src/platform/logging/logging.module.js';
import { OrphanSweep } from '../../src/storage/orphan-sweep.service.js';
import { environmentWithDatabase, testConfig } from '../support/app-config.js';
import { packTarGz, providerPackage } from '../support/build-fixtures.js';
import { createTestDatabase } from '../support/database.js';
import type { TestDatabase } from '../support/database.js';
import { failpointBuild } from '../support/failpoint-build.js';
import type { Answer } from '../support/http-request.js';
import { request } from '../support/http-request.js';
import { publishModule, publishProvider } from '../support/publish-client.js';
import { RegistryProcess } from '../support/server-process.js';
import { compareStorage } from '../support/storage-oracle.js';

const RANDOM_MOMENTS = 50;
const SEED = Number(process.env['CRASH_SEED'] ?? Date.now() % 1_000_000);

type Kind = 'module' | 'provider';
const PUBLISH_POINTS = FAILPOINT_NAMES.filter((name) => !name.startsWith('sweep-'));
/** Points that the publishing of a kind does not pass. */
const NOT_PASSED: Record<Kind, FailpointName[]> = { module: ['after-sums-rebuilt'], provider: [] };

const sha256 = (data: Buffer): string => createHash('sha256').update(data).digest('hex');

/** A small generator with a seed, so that a failing run can be repeated. */
function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

describe('a registry that is killed while it publishes', () => {
  const directory = mkdtempSync(join(tmpdir(), 'tfr-crash-'));
  const dist = failpointBuild();
  let database: TestDatabase;
  let registry: RegistryProcess;
  let secrets: Record<string, string>;
  let key: string;

  beforeAll(async () => {
    database = await createTestDatabase();
    secrets = environmentWithDatabase(database.url);
    registry = await RegistryProcess.start({ dist, env: { ...secrets, TFR_LOGGING_LEVEL: 'warn' } });
    key = await registry.createKey();
  });
  afterAll(async () => {
    await registry?.dispose();
    await database?.drop();
    rmSync(directory, { recursive: true, force: true });
  });

  const bodyOf = (kind: Kind, name: string): Buffer =>
    kind === 'module' ? packTarGz([{ name: 'main.tf', data: `# ${name}\n` }]) : providerPackage(name);

  function publish(kind: Kind, name: string, body: Buffer): Promise<Answer> {
    const call = { url: registry.url, key };
    if (kind === 'module') return publishModule(call, { name, version: '1.0.0', archive: body });
    return publishProvider(call, { type: name, version: '1.0.0', file: body });
  }

  /** Arms one crash point in a new process. */
  async function launchArmed(name: FailpointName): Promise<void> {
    const plan = join(directory, `${name}.json`);
    writeFileSync(plan, JSON.stringify([{ name, action: 'kill' }]));
    const preload = pathToFileURL(join(dist, 'src/platform/failpoints/failpoints.preload.js'));
    preload.searchParams.set('plan', plan);
    await registry.stop();
    await registry.launch({ nodeOptions: [`--import=${preload.href}`] });
  }

  /** After a restart the same request succeeds, or says that it had succeeded, and the bytes are served. */
  async function expectPublished(kind: Kind, name: string, body: Buffer): Promise<void> {
    const answer = await publish(kind, name, body);
    expect([201, 409], `${kind} ${name}: ${answer.body.toString()}`).toContain(answer.status);
    expect(answer.json().checksum, `${kind} ${name}`).toBe(sha256(body));
    const headers = { 'x-terraform-version': '1.11.4' };
    const path =
      kind === 'module'
        ? `/v1/modules/myorg/${name}/aws/1.0.0/download`
        : `/v1/providers/myorg/${name}/1.0.0/download/linux/amd64`;
    const found = await request(`${registry.url}${path}`, { headers });
    const url = kind === 'module' ? found.headers['x-terraform-get'] : found.json().download_url;
    const file = await request(String(url));
    expect(sha256(file.body), `${kind} ${name}`).toBe(sha256(body));
  }

  /** Two sweeps without grace, as the server does them with grace. */
  async function sweep(): Promise<void> {
    const settings = testConfig(database.url, {
      ...secrets,
      TFR_STORAGE_LOCAL_BASE_PATH: registry.storagePath,
    });
    const logger = new AppLogger(settings.config.logging);
    const imports = [LoggingModule.forRoot(logger), AppModule.forRoot(settings.config, 'tool')];
    const app = await NestFactory.createApplicationContext({ module: class Tool {}, imports }, { logger });
    try {
      const orphans = app.get(OrphanSweep, { strict: false });
      await orphans.run({ graceMs: 0, takeOverMs: 0 });
      await orphans.run({ graceMs: 0, takeOverMs: 0 });
    } finally {
      await app.close();
      settings.remove();
    }
  }

  async function expectNothingLost(): Promise<void> {
    await registry.stop();
    await registry.launch();
    await sweep();
    expect(await compareStorage(database.url, registry.storagePath)).toEqual({
      danglingRows: [],
      orphanBlobs: [],
      leftoverRows: [],
      openDeletions: [],
    });
    const verify = await registry.command('verify');
    expect(verify.stdout + verify.stderr).not.toContain('dangling');
    expect(verify.status, verify.stdout + verify.stderr).toBe(0);
  }

  it.each<Kind>(['module', 'provider'])(
    'loses nothing and keeps nothing at any failpoint of publishing a %s',
    async (kind) => {
      const points = PUBLISH_POINTS.filter((name) => !NOT_PASSED[kind].includes(name));
      for (const point of points) {
        const name = `${kind}-${point}`.replaceAll(/[^a-z0-9-]/g, '');
        const body = bodyOf(kind, name);
        await launchArmed(point);
        await expect(publish(kind, name, body), `${kind} passes ${point}`).rejects.toThrow();
        expect(await registry.ended(), point).toBe('SIGKILL');
        await registry.launch();
        await expectPublished(kind, name, body);
      }
      await expectNothingLost();
    },
    300_000,
  );

  it(`loses nothing and keeps nothing at ${RANDOM_MOMENTS} random moments (seed ${SEED})`, async () => {
    const random = randomNumbers(SEED);
    if (!registry.isRunning) await registry.launch();
    for (let moment = 0; moment < RANDOM_MOMENTS; moment += 1) {
      const jobs = Array.from({ length: 6 }, (_, index) => {
        const kind: Kind = index % 2 === 0 ? 'module' : 'provider';
        const name = `random-${moment}-${index}`;
        return { kind, name, body: bodyOf(kind, name) };
      });
      const running = jobs.map((job) => publish(job.kind, job.name, job.body).catch(() => undefined));
      await sleep(random() * 120);
      await registry.kill();
      await Promise.all(running);
      await registry.launch();
      await Promise.all(jobs.map((job) => expectPublished(job.kind, job.name, job.body)));
    }
    await expectNothingLost();
  }, 400_000);
});
