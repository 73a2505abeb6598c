import { DomainError } from '../../kernel/errors.js';

const USE = 'Use: Authorization: SetupToken <token>';

/** The setup was finished; its operations are gone for good. */
export class SetupCompleted extends DomainError {
  readonly kind = 'forbidden';
  readonly code = 'setup_completed';

  constructor() {
    super('Setup has already been completed. These endpoints are permanently disabled.');
  }
}

/** There is no token that could be presented: the server prints one when it starts. */
export class NoSetupToken extends DomainError {
  readonly kind = 'forbidden';
  readonly code = 'no_setup_token';

  constructor() {
    super('No setup token has been generated. Restart the server; it prints one while setup is open.');
  }
}

/** The setup token is missing, is sent in another way, or is not the right one. */
export class SetupTokenRefused extends DomainError {
  readonly kind = 'unauthenticated';
  readonly code = 'setup_token_refused';

  static missing(): SetupTokenRefused {
    return new SetupTokenRefused(`Authorization header required. ${USE}`);
  }

  static scheme(): SetupTokenRefused {
    return new SetupTokenRefused(`Invalid authorization scheme. ${USE}`);
  }

  static invalid(): SetupTokenRefused {
    return new SetupTokenRefused('Invalid setup token');
  }
}

/** What the setup still needs before it can be completed. */
export class SetupIncomplete extends DomainError {
  readonly kind = 'invalid';
  readonly code = 'setup_incomplete';

  constructor(missing: string[]) {
    super(`Setup cannot be completed yet. Configure: ${missing.join(', ')}`, { body: { missing } });
  }
}

/** The address of the administrator is none. */
export class AdminEmailInvalid extends DomainError {
  readonly kind = 'invalid';
  readonly code = 'admin_email_invalid';

  constructor() {
    super('A valid email address is required');
  }
}
