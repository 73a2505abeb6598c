import { AuditConfig } from './audit.config.js';
import { AuthConfig } from './auth.config.js';
import { AzureAdConfig } from './azure-ad.config.js';
import { DatabaseConfig } from './database.config.js';
import { EgressConfig } from './egress.config.js';
import { LimitsConfig } from './limits.config.js';
import { LocalAccountsConfig } from './local-accounts.config.js';
import { LoggingConfig } from './logging.config.js';
import { LoginConfig } from './login.config.js';
import { NotificationsConfig } from './notifications.config.js';
import { OidcConfig } from './oidc.config.js';
import { PublishingConfig } from './publishing.config.js';
import { SecretsConfig } from './secrets.config.js';
import { SecurityConfig } from './security.config.js';
import { ServerConfig } from './server.config.js';
import { SessionConfig } from './session.config.js';
import { SetupConfig } from './setup.config.js';
import { StorageConfig } from './storage.config.js';
import { TelemetryConfig } from './telemetry.config.js';
import { TokenExchangeConfig } from './token-exchange.config.js';
import { WebConfig } from './web.config.js';
import { WorkerConfig } from './worker.config.js';

/** All settings of the process, one object per concern. What `loadConfig` returns is complete and frozen. */
export class AppConfig {
  readonly server: ServerConfig = new ServerConfig();
  readonly database: DatabaseConfig = new DatabaseConfig();
  readonly secrets: SecretsConfig = new SecretsConfig();
  readonly storage: StorageConfig = new StorageConfig();
  readonly auth: AuthConfig = new AuthConfig();
  readonly localAccounts: LocalAccountsConfig = new LocalAccountsConfig();
  readonly setup: SetupConfig = new SetupConfig();
  readonly session: SessionConfig = new SessionConfig();
  readonly login: LoginConfig = new LoginConfig();
  readonly oidc: OidcConfig = new OidcConfig();
  readonly azureAd: AzureAdConfig = new AzureAdConfig();
  readonly tokenExchange: TokenExchangeConfig = new TokenExchangeConfig();
  readonly security: SecurityConfig = new SecurityConfig();
  readonly egress: EgressConfig = new EgressConfig();
  readonly limits: LimitsConfig = new LimitsConfig();
  readonly publishing: PublishingConfig = new PublishingConfig();
  readonly worker: WorkerConfig = new WorkerConfig();
  readonly logging: LoggingConfig = new LoggingConfig();
  readonly telemetry: TelemetryConfig = new TelemetryConfig();
  readonly audit: AuditConfig = new AuditConfig();
  readonly notifications: NotificationsConfig = new NotificationsConfig();
  readonly web: WebConfig = new WebConfig();
}
