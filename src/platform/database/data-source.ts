import { Logger } from '@nestjs/common';
import pg from 'pg';
import { DataSource } from 'typeorm';
import { DatabaseConfig } from '../../config/database.config.js';
import { connectionSettings } from './connection-settings.js';
import { MIGRATIONS } from './migrations-list.js';
import { SnakeCaseNamingStrategy } from './naming-strategy.js';
import { StatementCounter } from './statement-counter.js';

const APPLICATION_NAME = 'terraform-registry';

/**
 * The TypeORM data source of one process, not yet initialized. The schema comes from migrations only, and
 * `counter` sees every statement of its pool.
 */
export function createDataSource(
  config: DatabaseConfig,
  entities: Function[],
  counter: StatementCounter = new StatementCounter(),
): DataSource {
  const { host, port, database, user, password, ssl, connectionTimeoutMillis } = connectionSettings(config);
  return new DataSource({
    type: 'postgres',
    driver: pg,
    host,
    port,
    database,
    username: user,
    password,
    applicationName: APPLICATION_NAME,
    connectTimeoutMS: connectionTimeoutMillis,
    poolSize: config.maxConnections,
    entities,
    migrations: MIGRATIONS,
    migrationsTableName: 'schema_migrations',
    migrationsTransactionMode: 'each',
    namingStrategy: new SnakeCaseNamingStrategy(),
    synchronize: false,
    logging: false,
    installExtensions: false,
    uuidExtension: 'pgcrypto',
    poolErrorHandler: (error: Error) => logger.warn(`A database connection was lost: ${error.message}`),
    extra: {
      ssl,
      Client: counter.clientClass(),
      min: Math.min(config.minIdleConnections, config.maxConnections),
      keepAlive: true,
      statement_timeout: config.statementTimeoutMs,
      idle_in_transaction_session_timeout: config.idleInTransactionTimeoutMs,
    },
  });
}

/** The `pg` pool under a data source, for statements that need no mapping to entities. */
export function poolOf(dataSource: DataSource): pg.Pool {
  return (dataSource.driver as unknown as { master: pg.Pool }).master;
}

const logger = new Logger('Database');
