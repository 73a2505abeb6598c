import { DomainError } from '../../kernel/errors.js';

/** A cursor that this search did not give out. */
export class InvalidCursor extends DomainError {
  readonly kind = 'invalid';
  readonly code = 'invalid_cursor';

  constructor() {
    super(
      'The cursor does not belong to this search: send next_cursor of the page before, with the same query',
    );
  }
}
