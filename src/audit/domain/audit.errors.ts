import { DomainError } from '../../kernel/errors.js';

/** There is no entry of this id, or the caller may not see it. */
export class AuditEntryNotFound extends DomainError {
  readonly kind = 'not-found';
  readonly code = 'audit_entry_not_found';

  constructor() {
    super('Audit log entry not found');
  }
}
