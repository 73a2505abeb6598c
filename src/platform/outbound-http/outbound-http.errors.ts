import { DomainError } from '../../kernel/errors.js';
import { tlsFailure } from './tls-failure.js';

/** The target of an outgoing request is not one that the server may reach (`security.egress.*`). */
export class EgressRefused extends DomainError {
  readonly kind = 'bad-gateway';
  readonly code = 'egress_refused';

  constructor(what: string) {
    super(`${what} may not be reached by this server; an operator can allow it in security.egress.allowlist`);
  }
}

/** Another server could not be reached, answered too late or too much, or led somewhere unusable. */
export class OutboundFailed extends DomainError {
  readonly kind = 'bad-gateway';
  readonly code = 'outbound_failed';

  static unreachable(host: string, cause: unknown): OutboundFailed {
    const why = tlsFailure(cause);
    return new OutboundFailed(`${host} could not be reached${why ? `: ${why}` : ''}`, {}, { cause });
  }

  static tooLate(host: string): OutboundFailed {
    return new OutboundFailed(`${host} did not answer in time`);
  }

  static tooLarge(host: string, maxBytes: number): OutboundFailed {
    return new OutboundFailed(`The answer of ${host} is larger than ${maxBytes} bytes`);
  }

  static redirected(host: string, why: string): OutboundFailed {
    return new OutboundFailed(`${host} sent a redirect that is not followed: ${why}`);
  }
}
