import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningServer, startServer } from '../../../src/bootstrap.js';
import { loadConfig } from '../../../src/config/load-config.js';
import { AppLogger } from '../../../src/platform/logging/logger.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';

let database: TestDatabase;
let directory: string;
let server: RunningServer;
const lines: string[] = [];
beforeAll(async () => {
  database = await createTestDatabase();
  directory = await mkdtemp(join(tmpdir(), 'bootstrap-test-'));
  const { config } = loadConfig({
    argv: [],
    cwd: directory,
    env: {
      TFR_DATABASE_URL: database.url,
      ENCRYPTION_KEY: `hex:${randomBytes(32).toString('hex')}`,
      TFR_JWT_SECRET: randomBytes(32).toString('hex'),
      TFR_SERVER_HOST: '127.0.0.1',
    },
  });
  const onFreePorts = {
    ...config,
    server: Object.assign(Object.create(Object.getPrototypeOf(config.server) as object), config.server, {
      port: 0,
    }),
    telemetry: Object.assign(
      Object.create(Object.getPrototypeOf(config.telemetry) as object),
      config.telemetry,
      {
        metricsPort: 0,
      },
    ),
  };
  const logger = new AppLogger(config.logging, { write: (line) => void lines.push(line) });
  server = await startServer(onFreePorts, { logger });
});
afterAll(async () => {
  await server?.stop();
  await database?.drop();
  await rm(directory, { recursive: true, force: true });
});

const get = (path: string, init?: RequestInit) => fetch(`http://127.0.0.1:${server.port}${path}`, init);

describe('the running server', () => {
  it('is ready: database and storage', async () => {
    const response = await get('/ready');
    expect(await response.json()).toEqual({
      ready: true,
      checks: { database: 'healthy', storage: 'healthy' },
      time: expect.any(String),
    });
    expect((await get('/health')).status).toBe(200);
  });

  it('answers discovery and health whatever the credential', async () => {
    const headers = { authorization: 'Bearer nonsense' };
    for (const path of ['/.well-known/terraform.json', '/health', '/livez', '/version', '/swagger.json']) {
      expect((await get(path, { headers })).status).toBe(200);
    }
  });

  it('gives every operation of the interface exactly one tag and an id of its own', async () => {
    const document = (await (await get('/swagger.json')).json()) as {
      paths: Record<string, Record<string, { tags: string[]; operationId: string }>>;
    };
    const operations = Object.values(document.paths).flatMap((item) => Object.values(item));
    expect(operations.length).toBeGreaterThan(20);
    for (const { tags } of operations) expect(tags).toHaveLength(1);
    expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length);
  });

  it('answers errors of guards and handlers in the bodies of the contract', async () => {
    const unauthenticated = await get('/api/v1/modules', { method: 'POST' });
    expect(unauthenticated.status).toBe(401);
    expect(unauthenticated.headers.get('www-authenticate')).toBe('Bearer');
    expect(await unauthenticated.json()).toMatchObject({ error: 'Missing authorization header' });
    const absent = await get('/v1/modules/acme/vpc/aws/versions');
    expect(absent.status).toBe(404);
    expect(await absent.json()).toMatchObject({ errors: ['Module not found'], error: 'Module not found' });
  });

  it('shows the connections of its pool on the metrics port', async () => {
    await get('/health');
    const text = await (await fetch(`http://127.0.0.1:${server.metricsPort}/metrics`)).text();
    expect(Number(/^db_open_connections (\d+)$/m.exec(text)?.[1])).toBeGreaterThan(0);
    expect(text).toContain('http_requests_total{method="GET",path="/health",status="200"}');
  });

  it('stops once, and takes no connection afterwards', async () => {
    await Promise.all([server.stop(), server.stop()]);
    await expect(get('/livez')).rejects.toThrow('fetch failed');
    expect(lines.join('')).not.toContain('"level":"error"');
  });
});
