import { DomainError } from '../../kernel/errors.js';

/** A public key that cannot be used; the message says why and what to send instead. */
export class InvalidPublicKey extends DomainError {
  readonly kind = 'invalid';
  readonly code = 'invalid_public_key';

  constructor(reason: string) {
    super(`Invalid GPG public key: ${reason}`);
  }
}

/** A signature that does not prove that the given key signed exactly these bytes. */
export class InvalidSignature extends DomainError {
  readonly kind = 'invalid';
  readonly code = 'invalid_signature';

  constructor(reason: string) {
    super(`Invalid checksums: ${reason}`);
  }
}

/** A configured signing key that cannot be used for signing; the operator has to change the configuration. */
export class SigningKeyUnusable extends DomainError {
  readonly kind = 'unavailable';
  readonly code = 'signing_key_unusable';

  constructor(reason: string) {
    super(`The signing key of the registry cannot be used: ${reason}`);
  }
}
