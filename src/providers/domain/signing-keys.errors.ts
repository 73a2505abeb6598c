import { DomainError } from '../../kernel/errors.js';

/** No signing key of this id in the namespace. */
export class SigningKeyNotFound extends DomainError {
  readonly kind = 'not-found';
  readonly code = 'signing_key_not_found';

  constructor() {
    super('Signing key not found');
  }
}

/** The key was registered and revoked; a revoked key never counts again. */
export class SigningKeyRevoked extends DomainError {
  readonly kind = 'conflict';
  readonly code = 'signing_key_revoked';

  constructor() {
    super('This key was revoked for the namespace; register another key');
  }
}
