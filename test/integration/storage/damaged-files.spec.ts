import { Registry } from 'prom-client';
import { IncomingMessage, ServerResponse } from 'node:http';
import { rm, writeFile } from 'node:fs/promises';
import { Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AppConfig } from '../../../src/config/app-config.js';
import { LoggingConfig } from '../../../src/config/logging.config.js';
import { SecurityConfig } from '../../../src/config/security.config.js';
import { ServerConfig } from '../../../src/config/server.config.js';
import { SystemClock } from '../../../src/kernel/clock.js';
import { AppLogger } from '../../../src/platform/logging/logger.js';
import { RequestLog } from '../../../src/platform/logging/request-log.hook.js';
import { Metrics } from '../../../src/platform/metrics/metrics.js';
import { FileAnswers } from '../../../src/storage/file-answers.service.js';
import type { QuarantinedArtifacts } from '../../../src/storage/quarantined-artifacts.service.js';
import { ArtifactDamaged, FileNotFound } from '../../../src/storage/storage.errors.js';
import { StorageFixture } from './storage-fixture.js';

let fixture: StorageFixture;
let answers: FileAnswers;
let heads = 0;

beforeAll(async () => {
  fixture = await StorageFixture.start();
  const server = Object.assign(new ServerConfig(), { publicUrl: 'http://registry.test' });
  const config = Object.assign(new AppConfig(), { server, security: new SecurityConfig() });
  const log = new RequestLog(new AppLogger(new LoggingConfig(), { write: () => undefined }));
  const quarantined = { has: async () => false, hasNow: () => false } as unknown as QuarantinedArtifacts;
  const metrics = new Metrics(new Registry());
  answers = new FileAnswers(fixture.store, quarantined, config, metrics, log, new SystemClock());
});
afterAll(() => fixture.stop());

async function send(keyPath: string): Promise<number> {
  const request = Object.assign(new IncomingMessage(new Socket()), {
    method: 'GET',
    url: `/v1/files/${keyPath}`,
  });
  const response = new ServerResponse(request);
  heads = 0;
  await answers.send({ keyPath }, request, response, { headers: [], beforeHead: () => heads++ });
  return response.statusCode;
}

describe('a file whose bytes are damaged', () => {
  it('is never sent, and is not remembered as damaged once it is repaired (H6, H8)', async () => {
    const { key } = await fixture.publish('the true bytes');
    await writeFile(fixture.fileOf(key), 'the fake bytes');
    await expect(send(key.path)).rejects.toBeInstanceOf(ArtifactDamaged);
    expect(heads).toBe(0);
    await writeFile(fixture.fileOf(key), 'the true bytes');
    expect(await send(key.path)).toBe(200);
  });

  it('is unavailable when they are gone, not unknown (H8)', async () => {
    const { key } = await fixture.publish('bytes that get lost');
    await rm(fixture.fileOf(key));
    await expect(send(key.path)).rejects.toMatchObject({ kind: 'unavailable', code: 'artifact_damaged' });
    expect(heads).toBe(0);
  });

  it('is told from a file that nobody knows', async () => {
    await expect(send(fixture.keyOf('never stored').path)).rejects.toBeInstanceOf(FileNotFound);
    await expect(send('blobs/of-no-layout')).rejects.toBeInstanceOf(FileNotFound);
  });
});
