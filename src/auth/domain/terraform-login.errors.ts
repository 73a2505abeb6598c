import { DomainError } from '../../kernel/errors.js';

/** A request for an authorization that is not one of the CLI (REST contract 6.5). Shown on a page, never redirected. */
export class AuthorizationRefused extends DomainError {
  readonly kind = 'invalid';
  readonly code = 'authorization_refused';
}

/** `terraform login` is switched off, or nobody could sign in for it. */
export class LoginNotOffered extends DomainError {
  readonly kind = 'not-found';
  readonly code = 'login_not_offered';

  constructor() {
    super('This registry does not offer terraform login');
  }
}

/** Somebody who signed in and whom no token could be given: no organization, or no right that it could carry. */
export class NothingToGrant extends DomainError {
  readonly kind = 'forbidden';
  readonly code = 'nothing_to_grant';

  static withoutOrganization(): NothingToGrant {
    return new NothingToGrant(
      'You are not a member of any organization. Ask an administrator of the registry to add you to one.',
    );
  }

  static withoutScopes(organization: string, scopes: readonly string[]): NothingToGrant {
    return new NothingToGrant(
      `Your role in ${organization} allows none of what this registry gives to terraform login: ${scopes.join(', ')}. ` +
        'Ask an administrator of the organization for another role.',
    );
  }
}

/** A request for a token that is refused, in the form of RFC 6749, section 5.2. */
export class TokenRefused extends DomainError {
  readonly kind = 'invalid';
  readonly code = 'token_refused';

  private constructor(error: 'invalid_request' | 'invalid_grant', description: string) {
    super(description, { body: { error, error_description: description } });
  }

  /** The request itself is wrong. */
  static request(description: string): TokenRefused {
    return new TokenRefused('invalid_request', description);
  }

  /** The code is not good for a token; one text for every reason, so that nothing can be learned from it. */
  static grant(): TokenRefused {
    return new TokenRefused(
      'invalid_grant',
      'The code is unknown, expired, used before, or was given to another client: run the login again',
    );
  }
}
