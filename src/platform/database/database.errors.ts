import { DomainError } from '../../kernel/errors.js';

/** The database cannot be reached, or did not answer in time; the same request may succeed a moment later. */
export class DatabaseUnavailable extends DomainError {
  readonly kind = 'unavailable';
  readonly code = 'database_unavailable';

  constructor(
    message = 'The database did not answer in time. Try again in a moment.',
    options?: ErrorOptions,
  ) {
    super(message, { retryAfterSeconds: 2 }, options);
  }
}

/** The database lacks an extension of PostgreSQL, and it could not be created; the sentence says who can do it. */
export class ExtensionMissing extends DomainError {
  readonly kind = 'unavailable';
  readonly code = 'database_extension_missing';

  constructor(message: string, options?: ErrorOptions) {
    super(message, {}, options);
  }
}

/** The schema has migrations this program does not know: a newer version of the registry wrote it. */
export class SchemaTooNew extends DomainError {
  readonly kind = 'unavailable';
  readonly code = 'schema_too_new';

  constructor(unknown: readonly string[]) {
    super(
      `The database was changed by a newer version of the registry (it has ${unknown.join(', ')}). ` +
        'Start that version or a later one, or restore a backup made before the upgrade.',
    );
  }
}

/** The schema lacks migrations of this program, and applying them at start is switched off. */
export class SchemaNotMigrated extends DomainError {
  readonly kind = 'unavailable';
  readonly code = 'schema_not_migrated';

  constructor(pending: readonly string[]) {
    super(
      `The database lacks ${pending.length} migration(s) (${pending.join(', ')}). ` +
        'Run the command "migrate up", or set TFR_DATABASE_AUTO_MIGRATE=true.',
    );
  }
}

/** Another registry process serves from the same data directory. */
export class DataDirectoryInUse extends DomainError {
  readonly kind = 'conflict';
  readonly code = 'data_directory_in_use';

  constructor(directory: string, pid: number | undefined) {
    super(
      `The data directory ${directory} is already used by another registry process${pid ? ` (pid ${pid})` : ''}. ` +
        'Stop it, or choose another directory with TFR_DATABASE_URL=embedded:<directory>.',
    );
  }
}

/** The bundled PostgreSQL could not be prepared or started; the message is for the operator at the terminal. */
export class EmbeddedPostgresFailed extends DomainError {
  readonly kind = 'unavailable';
  readonly code = 'embedded_postgres_failed';
}
