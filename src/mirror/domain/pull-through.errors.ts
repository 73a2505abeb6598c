import { DomainError } from '../../kernel/errors.js';

/** Somebody else asks the upstream for the same, and takes too long. The client may ask again. */
export class UpstreamQuestionPending extends DomainError {
  readonly kind = 'unavailable';
  readonly code = 'upstream_question_pending';

  constructor() {
    super('The upstream registry is being asked and has not answered yet; try again in a moment', {
      retryAfterSeconds: 2,
    });
  }
}

/** The upstream of a mirror cannot be reached, and what is asked for is not here. */
export class UpstreamUnavailable extends DomainError {
  readonly kind = 'unavailable';
  readonly code = 'upstream_unavailable';

  constructor(reason: string) {
    super(`What you ask for is not here yet, and the upstream registry cannot be asked now: ${reason}`, {
      retryAfterSeconds: 10,
    });
  }
}

/** What the upstream has may not be handed on: it was not proved to be what its makers signed, or is not allowed here. */
export class PullRefused extends DomainError {
  readonly kind = 'not-found';
  readonly code = 'pull_refused';

  constructor(reason: string) {
    super(`The upstream registry has it, but it is not handed on: ${reason}`);
  }
}

/** A link to a package that is still to be fetched has no valid signature any more. */
export class PullLinkInvalid extends DomainError {
  readonly kind = 'forbidden';
  readonly code = 'pull_link_invalid';

  constructor(isExpired: boolean) {
    super(isExpired ? 'URL has expired' : 'Invalid or missing signature');
  }
}

/** Mirrors of two organizations cannot both pull from one upstream: a new provider would belong to either. */
export class PullThroughElsewhere extends DomainError {
  readonly kind = 'conflict';
  readonly code = 'pull_through_elsewhere';

  constructor(host: string) {
    super(
      `A mirror for other readers pulls from ${host} already; switch pull_through off in one of them, ` +
        'or use one mirror without organization for everybody',
    );
  }
}
