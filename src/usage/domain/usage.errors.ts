import { DomainError } from '../../kernel/errors.js';

/** Something that the caller may read, but whose numbers only members of the owning organization see. */
export class UsageNotYours extends DomainError {
  readonly kind = 'forbidden';
  readonly code = 'usage_not_yours';

  constructor() {
    super('You may not see how often this is downloaded. Use a credential of the organization that owns it.');
  }
}
