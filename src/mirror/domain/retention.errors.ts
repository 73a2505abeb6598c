import { DomainError } from '../../kernel/errors.js';

/** A version that the mirror neither has nor has seen at its upstream. */
export class MirroredVersionNotFound extends DomainError {
  readonly kind = 'not-found';
  readonly code = 'mirrored_version_not_found';

  constructor() {
    super('The mirror knows no such version of a provider');
  }
}
