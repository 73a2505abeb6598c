import { DomainError } from '../../kernel/errors.js';
import type { ProviderId } from './sign-in-provider.js';

/** The codes that the page after sign-in understands (REST contract 9.2). */
export type SignInFailureCode =
  | 'invalid_state'
  | 'state_expired'
  | 'provider_not_configured'
  | 'token_exchange_failed'
  | 'no_id_token'
  | 'id_token_invalid'
  | 'user_info_failed'
  | 'unknown_provider'
  | 'user_creation_failed'
  | 'jwt_failed'
  | 'access_denied';

const SENTENCES: Record<SignInFailureCode, string> = {
  invalid_state: 'The sign-in was not started in this browser, or is over already. Please sign in again.',
  state_expired: 'The sign-in took too long. Please sign in again.',
  provider_not_configured: 'The sign-in provider was changed meanwhile. Please sign in again.',
  token_exchange_failed: 'The identity provider did not confirm the sign-in.',
  no_id_token: 'The identity provider did not say who you are.',
  id_token_invalid: 'What the identity provider says about you cannot be trusted.',
  user_info_failed: 'The identity provider did not tell an email address or your groups.',
  unknown_provider: 'This sign-in provider is not known.',
  user_creation_failed:
    'Your email address belongs to another account, or the identity provider did not verify it.',
  jwt_failed: 'You were recognized, but the session could not be created.',
  access_denied: 'The identity provider refused the sign-in, or your account is disabled.',
};

/** A sign-in that does not end in a session. `cause` is for the log only. */
export class SignInFailed extends DomainError {
  readonly kind = 'forbidden';
  readonly code = 'sign_in_failed';
  /** What the page after sign-in is told. */
  readonly reason: SignInFailureCode;

  constructor(reason: SignInFailureCode, cause?: unknown) {
    super(SENTENCES[reason], {}, { cause });
    this.reason = reason;
  }
}

/** Nobody can sign in this way. */
export class ProviderNotConfigured extends DomainError {
  readonly kind = 'invalid';
  readonly code = 'provider_not_configured';

  constructor(provider: ProviderId) {
    super(`${provider === 'oidc' ? 'OIDC' : 'Azure AD'} provider not configured`);
  }
}

/** The `provider` parameter names none. */
export class UnknownProvider extends DomainError {
  readonly kind = 'invalid';
  readonly code = 'unknown_provider';

  constructor() {
    super("Invalid provider. Must be 'oidc' or 'azuread'");
  }
}

/** The identity provider cannot be used now; the message says why and is safe to show. */
export class ProviderUnavailable extends DomainError {
  readonly kind = 'bad-gateway';
  readonly code = 'identity_provider_unavailable';

  constructor(why: string, cause?: unknown) {
    super(why, {}, { cause });
  }
}

/** There is neither a stored nor a file configuration. */
export class NoOidcConfiguration extends DomainError {
  readonly kind = 'not-found';
  readonly code = 'no_oidc_configuration';

  constructor() {
    super('No active OIDC group configuration');
  }
}

/** A logout token that ends nothing, in the form of RFC 6749, section 5.2. `cause` is for the log only. */
export class LogoutTokenRefused extends DomainError {
  readonly kind = 'invalid';
  readonly code = 'logout_token_refused';

  constructor(description: string, cause?: unknown) {
    super(description, { body: { error: 'invalid_request', error_description: description } }, { cause });
  }
}
