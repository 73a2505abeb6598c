import { DomainError } from '../../kernel/errors.js';

/**
 * An uploaded archive breaks a rule. The message is the reason alone, in lower case, and says what to change;
 * publishers put `Invalid archive: ` or `Invalid provider binary: ` before it. Names of entries are quoted.
 */
export class ArchiveRejected extends DomainError {
  readonly kind = 'invalid';
  readonly code = 'invalid_archive';
}
