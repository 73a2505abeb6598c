import { DomainError } from '../kernel/errors.js';

/**
 * The storage was used with another state of the database than this one: a backup was restored, or another
 * registry uses it. Nothing is removed from it until an operator confirms that this is intended.
 */
export class UnknownStorageEpoch extends DomainError {
  readonly kind = 'conflict';
  readonly code = 'unknown_storage_epoch';

  constructor(readonly storage: string) {
    super(
      `The storage ${storage} was used with another state of the database: a backup was restored, or another ` +
        'registry uses it. Nothing is removed from it. When nobody else uses it, confirm with ' +
        `"sweep confirm ${storage}"`,
    );
  }
}
