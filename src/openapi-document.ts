import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { AppModule } from './app.module.js';
import { AppConfig } from './config/app-config.js';
import { buildOpenApi } from './platform/http/openapi.js';
import { AppLogger } from './platform/logging/logger.js';
import { LoggingModule } from './platform/logging/logging.module.js';

@Module({})
class DescribedModule {}

/** The interface document with default settings, as committed; made without database and listener. */
export async function openApiText(): Promise<string> {
  const config = new AppConfig();
  const logging = LoggingModule.forRoot(new AppLogger(config.logging));
  const root = { module: DescribedModule, imports: [logging, AppModule.forRoot(config)] };
  const options = { preview: true, abortOnError: false, logger: false } as const;
  const app = await NestFactory.create(root, new FastifyAdapter(), options);
  return `${JSON.stringify(buildOpenApi(app, config.web), null, 2)}\n`;
}
