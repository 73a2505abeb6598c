import { type DynamicModule, Inject, Logger, Module, type OnApplicationShutdown } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { DatabaseConfig } from '../../config/database.config.js';
import { DatabaseConnection } from './database-connection.js';
import { type LibrarySchema } from './migrator.js';
import { StatementCounter } from './statement-counter.js';
import { Transactions } from './transactions.js';

/** What the application says about its database. */
export interface DatabaseModuleOptions {
  readonly mode?: 'serve' | 'tool';
  readonly libraries?: readonly LibrarySchema[];
}

/**
 * The database for all features: `DataSource`, `Transactions`, `StatementCounter`, `DatabaseConnection`. Opens it
 * at start (with the bundled PostgreSQL when no server is named), applies migrations when `database.auto_migrate`
 * is on and refuses to start on another schema. Closes it last: what still needs the database when the application
 * stops runs in `beforeApplicationShutdown`. Has no routes and owns no tables.
 */
@Module({})
export class DatabaseModule implements OnApplicationShutdown {
  constructor(@Inject(DatabaseConnection) private readonly connection: DatabaseConnection) {}

  /** Provides the database to the whole application; `entities` are the entity classes of all features. */
  static forRoot(entities: Function[], options: DatabaseModuleOptions = {}): DynamicModule {
    const logger = new Logger('Database');
    const openDatabase = async (config: DatabaseConfig): Promise<DatabaseConnection> => {
      const connection = await DatabaseConnection.open(config, {
        entities,
        mode: options.mode ?? 'serve',
        libraries: options.libraries,
        log: (message) => logger.log(message),
      });
      await prepareSchema(connection, config.autoMigrate, logger);
      return connection;
    };
    return {
      module: DatabaseModule,
      global: true,
      providers: [
        { provide: DatabaseConnection, useFactory: openDatabase, inject: [DatabaseConfig] },
        {
          provide: DataSource,
          useFactory: (open: DatabaseConnection) => open.dataSource,
          inject: [DatabaseConnection],
        },
        {
          provide: StatementCounter,
          useFactory: (open: DatabaseConnection) => open.statements,
          inject: [DatabaseConnection],
        },
        Transactions,
      ],
      exports: [DatabaseConnection, DataSource, StatementCounter, Transactions],
    };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.connection.close();
  }
}

async function prepareSchema(
  connection: DatabaseConnection,
  autoMigrate: boolean,
  logger: Logger,
): Promise<void> {
  try {
    if (!autoMigrate) return await connection.migrator.assertCurrent();
    const applied = await connection.migrator.up();
    if (applied.length > 0) logger.log(`Applied migrations: ${applied.join(', ')}`);
  } catch (error) {
    await connection.close();
    throw error;
  }
}
