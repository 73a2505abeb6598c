import { DomainError } from '../../kernel/errors.js';

/** Local accounts are switched off (`auth.local.enabled`). */
export class LocalAccountsOff extends DomainError {
  readonly kind = 'not-found';
  readonly code = 'local_accounts_off';

  constructor() {
    super('Local accounts are switched off: use an identity provider');
  }
}

/** A password is changed by the person who is signed in, not by a key of theirs. */
export class SessionNeeded extends DomainError {
  readonly kind = 'forbidden';
  readonly code = 'session_needed';

  constructor() {
    super('Sign in to change your password; an API key cannot do it');
  }
}
