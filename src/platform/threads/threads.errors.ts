import { DomainError } from '../../kernel/errors.js';

/** A thread could not be started, or was ended with the server; the work can be done again. */
export class ThreadUnavailable extends DomainError {
  readonly kind = 'unavailable';
  readonly code = 'thread_unavailable';

  constructor(options?: ErrorOptions) {
    super('The thread for this work is not available', {}, options);
  }
}
