import { afterEach, describe, expect, it } from 'vitest';
import { poolOf } from '../../../src/platform/database/data-source.js';
import { DatabaseConnection } from '../../../src/platform/database/database-connection.js';
import { Metrics } from '../../../src/platform/metrics/metrics.js';
import { MetricsServer } from '../../../src/platform/metrics/metrics-server.js';
import { createTestDatabase } from '../../support/database.js';
import { TestApplication } from './support/test-application.js';

const servers: TestApplication[] = [];
async function start(telemetry: Record<string, unknown> = {}) {
  const server = await TestApplication.start([], {
    telemetry: { metricsPort: 0, metricsHost: '127.0.0.1', ...telemetry },
  });
  servers.push(server);
  return server;
}
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop();
});

const metricsOf = (server: TestApplication) => server.app.get(Metrics, { strict: false });
const rendered = async (server: TestApplication) => (await metricsOf(server).render()).body;
const valueOf = (text: string, series: string) =>
  Number(
    text
      .split('\n')
      .find((line) => line.startsWith(`${series} `))
      ?.split(' ')[1] ?? 0,
  );

describe('metrics', () => {
  it('http_requests_total moves with every request, by method, route and status', async () => {
    const server = await start();
    await server.inject('/livez');
    await server.inject('/livez/?x=1');
    await server.inject({ method: 'HEAD', url: '/livez' });
    await server.inject('/v1/modules/secret/name/aws/nothing');
    const text = await rendered(server);
    expect(valueOf(text, 'http_requests_total{method="GET",path="/livez",status="200"}')).toBe(2);
    expect(valueOf(text, 'http_requests_total{method="HEAD",path="/livez",status="200"}')).toBe(1);
    expect(valueOf(text, 'http_requests_total{method="GET",path="unknown",status="404"}')).toBe(1);
    expect(text).not.toContain('secret');
  });

  it('knows for how long clients have been quiet, whatever probes and people ask for', async () => {
    const server = await start();
    const quietMs = () => metricsOf(server).clients.quietMs;
    await server.inject('/livez');
    await server.inject('/api/v1/modules');
    expect(quietMs()).toBe(Number.POSITIVE_INFINITY);
    metricsOf(server).countRequest('GET', '/v1/modules/:namespace/:name/:system/versions', 200, 0.001);
    expect(quietMs()).toBeLessThan(5_000);
  });

  it('http_request_duration_seconds moves with every request, by method and route', async () => {
    const server = await start();
    const series = 'http_request_duration_seconds_count{method="GET",path="/livez"}';
    await server.inject('/livez');
    expect(valueOf(await rendered(server), series)).toBe(1);
    await server.inject('/livez');
    expect(valueOf(await rendered(server), series)).toBe(2);
  });

  it('keeps a fixed number of series however clients ask', async () => {
    const server = await start();
    for (let i = 0; i < 50; i += 1) await server.inject(`/nothing-${i}?q=${i}`);
    const series = (await rendered(server))
      .split('\n')
      .filter((line) => line.startsWith('http_requests_total'));
    expect(series).toHaveLength(1);
  });

  it('module_downloads_total and provider_downloads_total move with what is counted', async () => {
    const metrics = metricsOf(await start());
    metrics.countDownload('module', { namespace: 'acme', system: 'aws' });
    metrics.countDownload('provider', { namespace: 'acme', type: 'cloud', os: 'linux', arch: 'amd64' });
    const { body } = await metrics.render();
    expect(valueOf(body, 'module_downloads_total{namespace="acme",system="aws"}')).toBe(1);
    expect(
      valueOf(body, 'provider_downloads_total{namespace="acme",type="cloud",os="linux",arch="amd64"}'),
    ).toBe(1);
  });

  it('db_open_connections moves with the pool', async () => {
    const database = await createTestDatabase();
    const connection = await DatabaseConnection.open(database.config, {
      entities: [],
      mode: 'tool',
      log: () => undefined,
    });
    try {
      const server = await TestApplication.start([], {}, [
        { provide: DatabaseConnection, useValue: connection },
      ]);
      servers.push(server);
      const pool = poolOf(connection.dataSource);
      const held = await Promise.all([1, 2, 3].map(() => pool.connect()));
      expect(valueOf(await rendered(server), 'db_open_connections')).toBeGreaterThanOrEqual(3);
      for (const client of held) client.release(true);
      expect(valueOf(await rendered(server), 'db_open_connections')).toBeLessThan(3);
      expect((await server.inject('/health')).statusCode).toBe(200);
    } finally {
      await connection.close();
      await database.drop();
    }
  });
});

describe('the metrics listener', () => {
  it('serves /metrics and nothing else, on a port of its own', async () => {
    const server = await start();
    await server.inject('/livez');
    const port = await server.app.get(MetricsServer, { strict: false }).listen();
    const response = await fetch(`http://127.0.0.1:${port}/metrics`);
    expect(response.headers.get('content-type')).toContain('text/plain');
    const text = await response.text();
    expect(text).toContain('http_requests_total{method="GET",path="/livez",status="200"} 1');
    expect(text).toContain('process_resident_memory_bytes');
    expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(404);
    expect((await fetch(`http://127.0.0.1:${port}/metrics`, { method: 'POST' })).status).toBe(405);
    expect((await server.inject('/metrics')).statusCode).toBe(404);
  });

  it('is off when it is switched off', async () => {
    for (const telemetry of [{ enabled: false }, { metricsEnabled: false }]) {
      const server = await start(telemetry);
      expect(await server.app.get(MetricsServer, { strict: false }).listen()).toBeUndefined();
    }
  });
});
