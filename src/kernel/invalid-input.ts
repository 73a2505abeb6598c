import { DomainError } from './errors.js';

/** Input that breaks a rule; the message says which and what to change, `facts.fields` names the fields. */
export class InvalidInput extends DomainError {
  readonly kind = 'invalid';
  readonly code = 'invalid_input';
}
