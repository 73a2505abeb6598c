import { type DynamicModule, Module } from '@nestjs/common';
import { AppLogger } from './logger.js';
import { RequestLog } from './request-log.hook.js';

/**
 * The log of the process. `AppLogger` is made before the application, so that its start is logged too; features
 * write through Nest's `Logger`.
 */
@Module({})
export class LoggingModule {
  static forRoot(logger: AppLogger): DynamicModule {
    return {
      module: LoggingModule,
      global: true,
      providers: [{ provide: AppLogger, useValue: logger }, RequestLog],
      exports: [AppLogger, RequestLog],
    };
  }
}
