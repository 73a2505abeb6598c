import { DomainError } from '../../kernel/errors.js';

/** As many passwords as this process checks at a time are being checked, and as many wait as may. */
export class HashingBusy extends DomainError {
  readonly kind = 'unavailable';
  readonly code = 'hashing_busy';

  constructor() {
    super('Too many sign-ins at the same time: try again in a moment', { retryAfterSeconds: 2 });
  }
}
