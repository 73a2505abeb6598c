import type { AddressInfo } from 'node:net';
import { Module, type Type } from '@nestjs/common';
import { AuditModule } from '../../../../src/audit/audit.module.js';
import { ConfigModule } from '../../../../src/config/config.module.js';
import { DatabaseModule } from '../../../../src/platform/database/database.module.js';
import { createHttpApplication } from '../../../../src/platform/http/http-application.js';
import { ApiDocsModule } from '../../../../src/platform/http/api-docs.module.js';
import { AppLogger } from '../../../../src/platform/logging/logger.js';
import { LoggingModule } from '../../../../src/platform/logging/logging.module.js';
import { MetricsModule } from '../../../../src/platform/metrics/metrics.module.js';
import { testConfig } from '../../../support/app-config.js';
import type { TestDatabase } from '../../../support/database.js';

/** The audit log around some controllers, listening on a free port. Throws what the start throws. */
export async function startAudited(database: TestDatabase, controllers: Type[]) {
  const { config, remove } = testConfig(database.url, {
    TFR_LOGGING_LEVEL: 'warn',
    TFR_LOGGING_FORMAT: 'json',
  });
  const lines: string[] = [];
  const logger = new AppLogger(config.logging, { write: (line) => void lines.push(line) });

  @Module({ controllers })
  class Routes {}
  const imports = [
    LoggingModule.forRoot(logger),
    ConfigModule.forRoot(config),
    DatabaseModule.forRoot([...AuditModule.entities]),
    MetricsModule.forRoot(),
    ApiDocsModule,
    AuditModule,
  ];
  try {
    const { app } = await createHttpApplication({ module: Routes, imports }, config, logger);
    await app.listen({ port: 0, host: '127.0.0.1' });
    const { port } = app.getHttpServer().address() as AddressInfo;
    const stop = async (): Promise<void> => {
      await app.close();
      remove();
    };
    return { url: `http://127.0.0.1:${port}`, lines, stop };
  } catch (error) {
    remove();
    throw error;
  }
}
