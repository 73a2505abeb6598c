import { AuthConfig } from './auth.config.js';
import { DatabaseConfig } from './database.config.js';
import { LimitsConfig } from './limits.config.js';
import { LoggingConfig } from './logging.config.js';
import { PublishingConfig } from './publishing.config.js';
import { SecretsConfig } from './secrets.config.js';
import { SecurityConfig } from './security.config.js';
import { ServerConfig } from './server.config.js';
import { StorageConfig } from './storage.config.js';
import { TelemetryConfig } from './telemetry.config.js';
import { WebConfig } from './web.config.js';
import { WorkerConfig } from './worker.config.js';

/** All settings of the process, one object per concern. What `loadConfig` returns is complete and frozen. */
export class AppConfig {
  readonly server: ServerConfig = new ServerConfig();
  readonly database: DatabaseConfig = new DatabaseConfig();
  readonly secrets: SecretsConfig = new SecretsConfig();
  readonly storage: StorageConfig = new StorageConfig();
  readonly auth: AuthConfig = new AuthConfig();
  readonly security: SecurityConfig = new SecurityConfig();
  readonly limits: LimitsConfig = new LimitsConfig();
  readonly publishing: PublishingConfig = new PublishingConfig();
  readonly worker: WorkerConfig = new WorkerConfig();
  readonly logging: LoggingConfig = new LoggingConfig();
  readonly telemetry: TelemetryConfig = new TelemetryConfig();
  readonly web: WebConfig = new WebConfig();
}
