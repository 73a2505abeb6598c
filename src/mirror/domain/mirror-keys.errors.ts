import { DomainError } from '../../kernel/errors.js';

/** No key of this id at the mirror. */
export class MirrorKeyNotFound extends DomainError {
  readonly kind = 'not-found';
  readonly code = 'mirror_key_not_found';

  constructor() {
    super('Key not found');
  }
}

/** The key was revoked for the mirror; a revoked key never counts again. */
export class MirrorKeyRevoked extends DomainError {
  readonly kind = 'conflict';
  readonly code = 'mirror_key_revoked';

  constructor() {
    super('This key was revoked for the mirror; a revoked key never counts again, pin another one');
  }
}
