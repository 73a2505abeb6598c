import { DomainError } from '../../kernel/errors.js';
import type { MigrationAction, MigrationState } from './storage-migration.js';

/** No storage migration has this id. */
export class StorageMigrationNotFound extends DomainError {
  readonly kind = 'not-found';
  readonly code = 'storage_migration_not_found';

  constructor() {
    super('Storage migration not found');
  }
}

/** An open migration has one of the two storages: two moves at once could undo each other. */
export class StorageMigrationInProgress extends DomainError {
  readonly kind = 'conflict';
  readonly code = 'storage_migration_in_progress';

  constructor(id: string) {
    super('A migration from or to one of these storages is not finished: wait for it, or cancel it', {
      body: { migration_id: id },
    });
  }
}

const POSSIBLE_FOR: Record<MigrationAction, string> = {
  pause: 'Only a migration that runs or verifies can be paused',
  resume: 'Only a paused or failed migration can be resumed',
  cancel: 'A completed migration cannot be cancelled: move the objects back with a migration of its own',
  verify: 'Only a completed or failed migration can be verified: pause, resume or wait for it first',
};

/** The migration is in a state in which this cannot be done. */
export class StorageMigrationStateConflict extends DomainError {
  readonly kind = 'conflict';
  readonly code = 'storage_migration_state_conflict';

  constructor(action: MigrationAction, state: MigrationState) {
    super(POSSIBLE_FOR[action], { details: `The migration is ${state}` });
  }
}
