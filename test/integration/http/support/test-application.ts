import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Global, Module, type Provider, type Type } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify';
import { AppConfig } from '../../../../src/config/app-config.js';
import { ConfigModule } from '../../../../src/config/config.module.js';
import { TerraformLoginOffer } from '../../../../src/auth/terraform-login-offer.service.js';
import { DiscoveryController } from '../../../../src/discovery/http/discovery.controller.js';
import { Clock, SystemClock } from '../../../../src/kernel/clock.js';
import { HealthModule } from '../../../../src/platform/health/health.module.js';
import {
  createHttpApplication,
  type HttpApplication,
} from '../../../../src/platform/http/http-application.js';
import { ApiDocsModule } from '../../../../src/platform/http/api-docs.module.js';
import { HttpModule } from '../../../../src/platform/http/http.module.js';
import { AppLogger } from '../../../../src/platform/logging/logger.js';
import { LoggingModule } from '../../../../src/platform/logging/logging.module.js';
import { MetricsModule } from '../../../../src/platform/metrics/metrics.module.js';
import { TempFiles } from '../../../../src/platform/temp-files/temp-files.js';

@Global()
@Module({
  providers: [TempFiles, { provide: Clock, useClass: SystemClock }],
  exports: [TempFiles, Clock],
})
class Surroundings {}

const NO_DATABASE = () => Promise.reject(new Error('There is no database here'));

/** Service discovery that finds nobody to ask whether terraform login is offered. */
@Module({
  controllers: [DiscoveryController],
  providers: [
    {
      provide: TerraformLoginOffer,
      useFactory: ({ login }: AppConfig) =>
        new TerraformLoginOffer(
          login,
          { isAnyConfigured: NO_DATABASE } as never,
          { anyExists: NO_DATABASE } as never,
          { onChange: () => undefined } as never,
        ),
      inject: [AppConfig],
    },
  ],
})
class Discovery {}

/** Settings by concern, over the defaults. */
export type Settings = { [Concern in keyof AppConfig]?: Partial<AppConfig[Concern]> };

/** The HTTP surface around some controllers, without database. */
export class TestApplication {
  readonly lines: string[];

  private constructor(
    readonly http: HttpApplication,
    readonly directory: string,
    lines: string[],
  ) {
    this.lines = lines;
  }

  static async start(
    controllers: Type[] = [],
    settings: Settings = {},
    providers: Provider[] = [],
  ): Promise<TestApplication> {
    const directory = await mkdtemp(join(tmpdir(), 'http-test-'));
    const config = configure({
      ...settings,
      storage: {
        tempDir: join(directory, 'tmp'),
        localBasePath: join(directory, 'storage'),
        ...settings.storage,
      },
    });
    const lines: string[] = [];
    const logger = new AppLogger(config.logging, { write: (line) => void lines.push(line) });
    const http = await createHttpApplication(
      rootModule(controllers, providers, config, logger),
      config,
      logger,
    );
    return new TestApplication(http, directory, lines);
  }

  get app(): NestFastifyApplication {
    return this.http.app;
  }

  get fastify(): FastifyInstance {
    return this.app.getHttpAdapter().getInstance() as unknown as FastifyInstance;
  }

  inject(options: InjectOptions | string): Promise<LightMyRequestResponse> {
    return this.fastify.inject(options);
  }

  /** Listens on a free port of the loopback interface. */
  async listen(): Promise<number> {
    await this.fastify.listen({ port: 0, host: '127.0.0.1' });
    return (this.fastify.server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    this.fastify.server.closeAllConnections();
    await this.app.close();
    await rm(this.directory, { recursive: true, force: true });
  }
}

function rootModule(controllers: Type[], providers: Provider[], config: AppConfig, logger: AppLogger) {
  @Module({ controllers })
  class Root {}
  @Global()
  @Module({ providers, exports: providers })
  class Given {}
  return {
    module: Root,
    imports: [
      ConfigModule.forRoot(config),
      LoggingModule.forRoot(logger),
      Surroundings,
      Given,
      MetricsModule.forRoot(),
      HealthModule,
      HttpModule,
      ApiDocsModule,
      Discovery,
    ],
  };
}

function configure(settings: Settings): AppConfig {
  const config = new AppConfig();
  for (const [concern, values] of Object.entries(settings)) {
    Object.assign(config[concern as keyof AppConfig], values);
  }
  return config;
}
