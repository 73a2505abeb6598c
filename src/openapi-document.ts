import { Module } from '@nestjs/common';
import { AppModule } from './app.module.js';
import { AppConfig } from './config/app-config.js';
import { describeModule } from './platform/http/openapi.js';
import { AppLogger } from './platform/logging/logger.js';
import { LoggingModule } from './platform/logging/logging.module.js';

@Module({})
class DescribedModule {}

/** The interface document with default settings, as committed in `docs/reference/openapi.json`. */
export async function openApiText(): Promise<string> {
  const config = new AppConfig();
  const logging = LoggingModule.forRoot(new AppLogger(config.logging));
  const imports = [logging, AppModule.forRoot(config)];
  const document = await describeModule({ module: DescribedModule, imports }, config.web);
  return `${JSON.stringify(document, null, 2)}\n`;
}
