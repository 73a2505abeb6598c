import { type DynamicModule, Module } from '@nestjs/common';
import { AppConfig } from './app-config.js';

/**
 * The settings of the process. `AppConfig` and every concern class (`ServerConfig`, `StorageConfig`, …) can
 * be injected everywhere as themselves. Has no routes and no tables; the values come from `loadConfig`.
 */
@Module({})
export class ConfigModule {
  /** Provides one loaded configuration to the whole application. */
  static forRoot(config: AppConfig): DynamicModule {
    const concerns = Object.values(config) as object[];
    const providers = [
      { provide: AppConfig, useValue: config },
      ...concerns.map((concern) => ({ provide: concern.constructor as new () => object, useValue: concern })),
    ];
    return {
      module: ConfigModule,
      global: true,
      providers,
      exports: providers.map(({ provide }) => provide),
    };
  }
}
