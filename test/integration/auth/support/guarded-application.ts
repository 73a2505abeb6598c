import { Global, Module, type Type } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { AddressInfo } from 'node:net';
import { AuditModule } from '../../../../src/audit/audit.module.js';
import { AuthModule } from '../../../../src/auth/auth.module.js';
import { ConfigModule } from '../../../../src/config/config.module.js';
import { OrgsModule } from '../../../../src/orgs/orgs.module.js';
import { CryptoModule } from '../../../../src/platform/crypto/crypto.module.js';
import { ClockModule } from '../../../../src/platform/clock/clock.module.js';
import { CacheModule } from '../../../../src/platform/cache/cache.module.js';
import { DatabaseModule } from '../../../../src/platform/database/database.module.js';
import { ReadDecisions } from '../../../../src/platform/documents/read-decisions.js';
import { createHttpApplication } from '../../../../src/platform/http/http-application.js';
import { MemoryRateLimitStore } from '../../../../src/platform/http/memory-rate-limit-store.js';
import { RateLimitStore } from '../../../../src/platform/http/rate-limit-store.js';
import { RateLimiter } from '../../../../src/platform/http/rate-limiter.js';
import { JobsModule } from '../../../../src/platform/jobs/jobs.module.js';
import { AppLogger } from '../../../../src/platform/logging/logger.js';
import { LoggingModule } from '../../../../src/platform/logging/logging.module.js';
import { ApiDocsModule } from '../../../../src/platform/http/api-docs.module.js';
import { OutboundHttpModule } from '../../../../src/platform/outbound-http/outbound-http.module.js';
import { MetricsModule } from '../../../../src/platform/metrics/metrics.module.js';
import { testConfig } from '../../../support/app-config.js';
import type { TestDatabase } from '../../../support/database.js';
import { IDENTITY_ENTITIES } from './identity.js';

/** The identity features with their guards around some controllers. */
export interface GuardedApplication {
  readonly app: NestFastifyApplication;
  /** Address of the listener, without a slash at the end. */
  readonly url: string;
  /** Every line that was logged. */
  readonly lines: string[];
  stop(): Promise<void>;
}

/** Starts it on a free port; throws what the start throws. */
export async function startGuarded(
  database: TestDatabase,
  controllers: Type[],
  env: Record<string, string> = {},
): Promise<GuardedApplication> {
  const { config, remove } = testConfig(database.url, { TFR_LOGGING_LEVEL: 'info', ...env });
  const lines: string[] = [];
  const logger = new AppLogger(config.logging, { write: (line) => void lines.push(line) });

  @Global()
  @Module({
    controllers,
    providers: [ReadDecisions, RateLimiter, { provide: RateLimitStore, useClass: MemoryRateLimitStore }],
    exports: [ReadDecisions, RateLimiter],
  })
  class Routes {}
  const imports = [
    LoggingModule.forRoot(logger),
    ConfigModule.forRoot(config),
    DatabaseModule.forRoot(IDENTITY_ENTITIES),
    ClockModule,
    CryptoModule,
    MetricsModule.forRoot(),
    ApiDocsModule,
    OrgsModule,
    CacheModule,
    JobsModule,
    OutboundHttpModule,
    AuditModule,
    AuthModule,
  ];
  try {
    const { app } = await createHttpApplication({ module: Routes, imports }, config, logger);
    await app.listen({ port: 0, host: '127.0.0.1' });
    const { port } = app.getHttpServer().address() as AddressInfo;
    const stop = async () => {
      await app.close();
      remove();
    };
    return { app, url: `http://127.0.0.1:${port}`, lines, stop };
  } catch (error) {
    remove();
    throw error;
  }
}
