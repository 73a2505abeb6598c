import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { TelemetryConfig } from '../../config/telemetry.config.js';
import { PortUnavailable } from '../http/port-unavailable.js';
import { Metrics } from './metrics.js';

/** Serves `GET /metrics` on a port of its own, so that metrics are never part of the public address. */
@Injectable()
export class MetricsServer implements OnApplicationShutdown {
  private server: Server | undefined;

  constructor(
    private readonly config: TelemetryConfig,
    private readonly metrics: Metrics,
  ) {}

  /** Starts listening; does nothing when metrics are switched off. Returns the port. */
  async listen(): Promise<number | undefined> {
    if (!this.config.enabled || !this.config.metricsEnabled) return undefined;
    const server = createServer((request, response) => void this.answer(request, response));
    server.requestTimeout = 10_000;
    const { metricsPort: port, metricsHost: host } = this.config;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, host, resolve);
    }).catch((error: unknown) => {
      throw PortUnavailable.explain(error, { host, port, setting: 'TFR_TELEMETRY_METRICS_PROMETHEUS_PORT' });
    });
    this.server = server;
    return (server.address() as AddressInfo).port;
  }

  async onApplicationShutdown(): Promise<void> {
    const { server } = this;
    if (!server) return;
    this.server = undefined;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeAllConnections();
    await closed;
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.url?.split('?')[0] !== '/metrics') {
      response.writeHead(404, { 'content-type': 'application/json' }).end('{"error":"Not found"}');
      return;
    }
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.writeHead(405, { allow: 'GET, HEAD', 'content-type': 'application/json' });
      response.end('{"error":"Method not allowed"}');
      return;
    }
    try {
      const { contentType, body } = await this.metrics.render();
      response.writeHead(200, { 'content-type': contentType, 'content-length': Buffer.byteLength(body) });
      response.end(body);
    } catch {
      response.writeHead(500).end();
    }
  }
}
