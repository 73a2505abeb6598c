import { DomainError } from '../../kernel/errors.js';

/** The organization has no trusted publisher of this id. */
export class TrustedPublisherNotFound extends DomainError {
  readonly kind = 'not-found';
  readonly code = 'trusted_publisher_not_found';

  constructor() {
    super('Trusted publisher not found');
  }
}

/** Why an exchange was refused, as the metric names it. */
export type ExchangeRefusal =
  'disabled' | 'request' | 'token' | 'issuer' | 'claims' | 'trigger' | 'scope' | 'replay';

/**
 * An exchange that is refused, in the form of RFC 6749, section 5.2. What a caller is told does not show whether
 * a publisher exists (REST contract 30.5).
 */
export class TokenExchangeRefused extends DomainError {
  readonly kind = 'invalid';
  readonly code = 'token_exchange_refused';

  private constructor(
    error: 'invalid_request' | 'invalid_grant' | 'invalid_scope',
    description: string,
    /** For the metric and the log. */
    readonly reason: ExchangeRefusal,
    options?: ErrorOptions,
  ) {
    super(description, { body: { error, error_description: description } }, options);
  }

  static disabled(): TokenExchangeRefused {
    return new TokenExchangeRefused(
      'invalid_request',
      'The exchange of identity tokens is switched off (auth.token_exchange.enabled)',
      'disabled',
    );
  }

  /** The form itself is wrong; `problem` says how. */
  static request(problem: string): TokenExchangeRefused {
    return new TokenExchangeRefused('invalid_request', problem, 'request');
  }

  /** The token proves nothing: form, signature, issuer, audience or times. */
  static token(cause?: unknown): TokenExchangeRefused {
    const description = 'The subject token is not valid for this registry: check its audience and age';
    return new TokenExchangeRefused('invalid_grant', description, 'token', { cause });
  }

  /** Nobody trusts what the token says; one text, whatever is missing. */
  static unknownPublisher(reason: 'issuer' | 'claims' | 'trigger'): TokenExchangeRefused {
    return new TokenExchangeRefused(
      'invalid_grant',
      'No trusted publisher matches the subject token',
      reason,
    );
  }

  static replayed(): TokenExchangeRefused {
    return new TokenExchangeRefused(
      'invalid_grant',
      'The subject token was used before; ask for a new one',
      'replay',
    );
  }

  static scope(): TokenExchangeRefused {
    return new TokenExchangeRefused(
      'invalid_scope',
      'The trusted publisher does not have a requested scope',
      'scope',
    );
  }
}

/** The issuer of a token cannot be asked for its keys, and none of it are known. */
export class IssuerUnavailable extends DomainError {
  readonly kind = 'unavailable';
  readonly code = 'issuer_unavailable';

  constructor(options?: ErrorOptions) {
    super(
      'The issuer of the subject token cannot be reached; try again later',
      { retryAfterSeconds: 10 },
      options,
    );
  }
}
