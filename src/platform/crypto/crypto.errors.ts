import { DomainError } from '../../kernel/errors.js';

/** A stored secret that none of the configured encryption keys opens, or that was moved or changed. */
export class SecretUnreadable extends DomainError {
  readonly kind = 'unavailable';
  readonly code = 'secret_unreadable';

  constructor() {
    super(
      'A stored secret cannot be decrypted. Start the server with the encryption key it was stored with, ' +
        'as ENCRYPTION_KEY or in TFR_ENCRYPTION_KEY_PREVIOUS.',
    );
  }
}
