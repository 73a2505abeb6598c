import type { AddressInfo } from 'node:net';
import { Logger, Module } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { AppModule } from './app.module.js';
import type { AppConfig } from './config/app-config.js';
import { FastPath } from './platform/documents/fast-path.js';
import { Readiness } from './platform/health/readiness.js';
import { drainServer, type Stoppable } from './platform/http/graceful-shutdown.js';
import { PortUnavailable } from './platform/http/port-unavailable.js';
import { createHttpApplication, type HttpApplication } from './platform/http/http-application.js';
import { JobRunner } from './platform/jobs/job-runner.js';
import { Scheduler } from './platform/jobs/scheduler.js';
import { RegistrySigning } from './providers/registry-signing.service.js';
import { SetupStart } from './setup/setup-start.service.js';
import { DownloadFolder } from './usage/download-folder.service.js';
import { AppLogger } from './platform/logging/logger.js';
import { LoggingModule } from './platform/logging/logging.module.js';
import { MetricsServer } from './platform/metrics/metrics-server.js';

/** What may be given to the application from outside. */
export interface CreateAppOptions {
  /** The log; made from the configuration when absent. */
  readonly logger?: AppLogger;
}

/** A server that listens. */
export interface RunningServer extends Stoppable {
  readonly app: NestFastifyApplication;
  readonly logger: AppLogger;
  readonly port: number;
  /** Of the metrics listener; absent when it is off. */
  readonly metricsPort?: number;
  /** The token of the first-run setup, when this start made it: to be shown once. */
  readonly setupToken?: string;
}

@Module({})
class RootModule {}

/** The whole application with its HTTP surface, initialized but not listening. Used by tests through `inject`. */
export async function createApp(
  config: AppConfig,
  options: CreateAppOptions = {},
): Promise<NestFastifyApplication> {
  return (await createServedApp(config, options.logger ?? new AppLogger(config.logging))).app;
}

/**
 * Starts the server: application, listener, metrics listener. `stop` drains it within the shutdown timeout and
 * closes everything; signals are the business of the caller (`handleProcessSignals`).
 */
export async function startServer(config: AppConfig, options: CreateAppOptions = {}): Promise<RunningServer> {
  const logger = options.logger ?? new AppLogger(config.logging);
  const served = await createServedApp(config, logger);
  const { app } = served;
  try {
    const { host, port: wantedPort } = config.server;
    await app.listen({ port: wantedPort, host }).catch((error: unknown) => {
      throw PortUnavailable.explain(error, { host, port: wantedPort, setting: 'TFR_SERVER_PORT' });
    });
    const metricsPort = await app.get(MetricsServer, { strict: false }).listen();
    await app.get(JobRunner, { strict: false }).start();
    app.get(Scheduler, { strict: false }).start();
    app.get(RegistrySigning, { strict: false }).prepare();
    app.get(DownloadFolder, { strict: false }).start();
    const setupToken = await app.get(SetupStart, { strict: false }).begin();
    const { port } = app.getHttpServer().address() as AddressInfo;
    let stopping: Promise<void> | undefined;
    const stop = (): Promise<void> => (stopping ??= stopServer(served, config));
    return { app, logger, port, metricsPort, setupToken, stop };
  } catch (error) {
    await app.close();
    throw error;
  }
}

async function createServedApp(config: AppConfig, logger: AppLogger): Promise<HttpApplication> {
  const root = { module: RootModule, imports: [LoggingModule.forRoot(logger), AppModule.forRoot(config)] };
  const served = await createHttpApplication(root, config, logger);
  served.state.fastPath = served.app.get(FastPath, { strict: false });
  return served;
}

async function stopServer({ app, state }: HttpApplication, config: AppConfig): Promise<void> {
  const readiness = app.get(Readiness, { strict: false });
  const inTime = await drainServer(app.getHttpServer(), state, readiness, config.server.shutdownTimeoutMs);
  if (!inTime) new Logger('Shutdown').warn('Connections were cut off after the shutdown timeout');
  await app.close();
}
