import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { NestFactory } from '@nestjs/core';
import { expect } from 'vitest';
import { AppModule } from '../../src/app.module.js';
import type { FailpointName } from '../../src/platform/failpoints/failpoint-names.js';
import { AppLogger } from '../../src/platform/logging/logger.js';
import { LoggingModule } from '../../src/platform/logging/logging.module.js';
import { OrphanSweep } from '../../src/storage/orphan-sweep.service.js';
import { environmentWithDatabase, testConfig } from './app-config.js';
import { packTarGz, providerPackage } from './build-fixtures.js';
import { createTestDatabase } from './database.js';
import type { TestDatabase } from './database.js';
import { failpointBuild } from './failpoint-build.js';
import { request } from './http-request.js';
import type { Answer } from './http-request.js';
import { publishModule, publishProvider } from './publish-client.js';
import { RegistryProcess } from './server-process.js';
import { compareStorage } from './storage-oracle.js';

/** What is published. */
export type PublishKind = 'module' | 'provider';

/** One publish request, which can be sent again. */
export interface PublishJob {
  readonly kind: PublishKind;
  readonly name: string;
  readonly body: Buffer;
}

/** A job with bytes of its own. */
export function publishJob(kind: PublishKind, name: string): PublishJob {
  const module = (): Buffer => packTarGz([{ name: 'main.tf', data: `# ${name}\n` }]);
  return { kind, name, body: kind === 'module' ? module() : providerPackage(name) };
}

class SweepTool {}

/** A registry with working failpoints on a database of its own, to be killed and started again. */
export class CrashRegistry {
  private constructor(
    readonly process: RegistryProcess,
    private readonly database: TestDatabase,
    private readonly secrets: Record<string, string>,
    private readonly key: string,
  ) {}

  static async start(): Promise<CrashRegistry> {
    const dist = failpointBuild();
    const database = await createTestDatabase();
    const secrets = environmentWithDatabase(database.url);
    const remote = pathToFileURL(join(import.meta.dirname, 'failpoint-remote.mjs'));
    remote.searchParams.set('dist', `${pathToFileURL(dist).href}/`);
    const env = { ...secrets, TFR_LOGGING_LEVEL: 'warn' };
    const process = await RegistryProcess.start({
      dist,
      env,
      ipc: true,
      nodeOptions: [`--import=${remote.href}`],
    });
    try {
      return new CrashRegistry(process, database, secrets, await process.createKey());
    } catch (error) {
      await process.dispose();
      await database.drop();
      throw error;
    }
  }

  /** The next pass of a failpoint kills the process. */
  async killAt(name: FailpointName): Promise<void> {
    expect(await this.process.ask([{ name, action: 'kill' }])).toBe('armed');
  }

  /** Sends a request that a failpoint keeps there until the process ends; gives what becomes of it then. */
  async holdAt(name: FailpointName, job: PublishJob): Promise<{ answer: Promise<Answer> }> {
    expect(await this.process.ask({ hold: name })).toBe('armed');
    const held = this.process.nextMessage();
    const answer = this.publish(job);
    answer.catch(() => undefined);
    expect(await Promise.race([held, answer]), `a ${job.kind} passes ${name}`).toBe('held');
    return { answer };
  }

  publish({ kind, name, body }: PublishJob): Promise<Answer> {
    const call = { url: this.process.url, key: this.key };
    if (kind === 'module') return publishModule(call, { name, version: '1.0.0', archive: body });
    return publishProvider(call, { type: name, version: '1.0.0', file: body });
  }

  /** The request sent again succeeds, or says that it had succeeded, and its bytes are served. */
  async expectPublished(job: PublishJob): Promise<void> {
    const digest = createHash('sha256').update(job.body).digest('hex');
    const label = `${job.kind} ${job.name}`;
    const answer = await this.publish(job);
    expect([201, 409], `${label}: ${answer.body.toString()}`).toContain(answer.status);
    expect(answer.json().checksum, label).toBe(digest);
    const [path, urlOf] = downloadOf(job);
    const found = await request(`${this.process.url}${path}`, {
      headers: { 'x-terraform-version': '1.11.4' },
    });
    const file = await request(urlOf(found));
    expect(createHash('sha256').update(file.body).digest('hex'), label).toBe(digest);
  }

  /** After a restart and the sweep: each row has its blob, each blob its row, each row its version. */
  async expectNothingLostNorLeft(): Promise<void> {
    await this.process.stop();
    await this.process.launch();
    await this.sweep();
    expect(await compareStorage(this.database.url, this.process.storagePath)).toEqual({
      danglingRows: [],
      orphanBlobs: [],
      leftoverRows: [],
      openDeletions: [],
    });
    const verify = await this.process.command('verify');
    expect(verify.status, verify.stdout + verify.stderr).toBe(0);
  }

  async dispose(): Promise<void> {
    await this.process.dispose();
    await this.database.drop();
  }

  /** Dooms and removes, as the server does it in two runs with its grace between them. */
  private async sweep(): Promise<void> {
    const paths = { TFR_STORAGE_LOCAL_BASE_PATH: this.process.storagePath };
    const settings = testConfig(this.database.url, { ...this.secrets, ...paths });
    const logger = new AppLogger(settings.config.logging);
    const imports = [LoggingModule.forRoot(logger), AppModule.forRoot(settings.config, 'tool')];
    try {
      const app = await NestFactory.createApplicationContext({ module: SweepTool, imports }, { logger });
      try {
        const orphans = app.get(OrphanSweep, { strict: false });
        await orphans.run({ graceMs: 0, takeOverMs: 0 });
        await orphans.run({ graceMs: 0, takeOverMs: 0 });
      } finally {
        await app.close();
      }
    } finally {
      settings.remove();
    }
  }
}

function downloadOf({ kind, name }: PublishJob): [string, (answer: Answer) => string] {
  if (kind === 'module') {
    return [
      `/v1/modules/myorg/${name}/aws/1.0.0/download`,
      (answer) => String(answer.headers['x-terraform-get']),
    ];
  }
  const path = `/v1/providers/myorg/${name}/1.0.0/download/linux/amd64`;
  return [path, (answer) => String(answer.json().download_url)];
}
