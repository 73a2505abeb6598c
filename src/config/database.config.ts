import { Setting } from './setting.decorator.js';

const DAY = 86_400_000;

/** How strictly the connection to PostgreSQL is encrypted and its server identified. */
export type DatabaseSslMode = 'disable' | 'prefer' | 'require' | 'verify-ca' | 'verify-full';

/** Which PostgreSQL keeps the records: a server of the operator or the bundled one. */
export class DatabaseConfig {
  @Setting({
    key: 'database.url',
    type: 'secret',
    description:
      'Full address, overrides the single keys: postgres://… for a server, embedded:<directory> for the bundled one.',
  })
  readonly url?: string;

  @Setting({ key: 'database.host', type: 'string', description: 'Host name, address or socket directory.' })
  readonly host: string = 'localhost';

  @Setting({ key: 'database.port', type: 'int', min: 1, max: 65_535, description: 'Port.' })
  readonly port: number = 5432;

  @Setting({ key: 'database.name', type: 'string', description: 'Database name.' })
  readonly name: string = 'terraform_registry';

  @Setting({ key: 'database.user', type: 'string', description: 'User.' })
  readonly user: string = 'registry';

  @Setting({ key: 'database.password', type: 'secret', description: 'Password.' })
  readonly password?: string;

  @Setting({
    key: 'database.ssl_mode',
    type: 'string',
    values: ['disable', 'prefer', 'require', 'verify-ca', 'verify-full'],
    description: 'Encryption of the connection and check of the server certificate.',
  })
  readonly sslMode: DatabaseSslMode = 'require';

  @Setting({
    key: 'database.ssl_root_cert',
    type: 'path',
    defaultText: 'system store',
    description: 'CA file for verify-ca and verify-full.',
  })
  readonly sslRootCert?: string;

  @Setting({
    key: 'database.max_connections',
    type: 'int',
    min: 1,
    max: 10_000,
    description: 'Pool size per process.',
  })
  readonly maxConnections: number = 25;

  @Setting({
    key: 'database.min_idle_connections',
    type: 'int',
    min: 0,
    max: 10_000,
    description: 'Connections that are kept open.',
  })
  readonly minIdleConnections: number = 5;

  @Setting({
    key: 'database.statement_timeout',
    type: 'duration',
    min: 0,
    max: DAY,
    description: 'Longest time of one statement (0 = no limit).',
  })
  readonly statementTimeoutMs: number = 30_000;

  @Setting({
    key: 'database.idle_in_transaction_timeout',
    type: 'duration',
    min: 0,
    max: DAY,
    description: 'Longest pause inside a transaction (0 = no limit).',
  })
  readonly idleInTransactionTimeoutMs: number = 30_000;

  @Setting({
    key: 'database.auto_migrate',
    type: 'bool',
    description: 'Apply migrations at start, under a lock shared by all replicas.',
  })
  readonly autoMigrate: boolean = true;

  /** Absolute directory of the bundled PostgreSQL, or `null` when the settings name a server. */
  readonly embeddedDirectory: string | null = null;
}
