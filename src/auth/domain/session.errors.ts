import { DomainError } from '../../kernel/errors.js';

/** No session of that id, or not one of the caller. */
export class SessionNotFound extends DomainError {
  readonly kind = 'not-found';
  readonly code = 'session_not_found';

  constructor() {
    super('Session not found');
  }
}

/** A request that changes something, sent with the cookie alone or from a foreign site (REST contract 2.2). */
export class CrossSiteRefused extends DomainError {
  readonly kind = 'forbidden';
  readonly code = 'csrf_validation_failed';

  constructor() {
    super('CSRF validation failed');
  }
}

/** The account signed in with a password that somebody else knows. */
export class PasswordChangeRequired extends DomainError {
  readonly kind = 'forbidden';
  readonly code = 'password_change_required';

  constructor() {
    super('Change your password first: POST /api/v1/auth/local/password');
  }
}

/** Something that only a signed-in person has. */
export class NotRefreshable extends DomainError {
  readonly kind = 'forbidden';
  readonly code = 'not_refreshable';

  static apiKey(): NotRefreshable {
    return new NotRefreshable('API keys cannot be refreshed');
  }

  static foreignToken(): NotRefreshable {
    return new NotRefreshable('Only sessions and access tokens of this server can be refreshed');
  }
}
