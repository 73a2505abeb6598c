import { DomainError } from '../../kernel/errors.js';
import { MirrorFailure } from './mirror.errors.js';

/** Policies or approvals were changed while something was fetched, and forbid it now. Nothing of it is kept. */
export class MirroringNoLongerAllowed extends MirrorFailure {
  override readonly kind = 'forbidden';
  readonly code = 'mirroring_no_longer_allowed';
  readonly fault = 'configuration';

  constructor(what: string, reason: string) {
    super(`${what} may no longer be mirrored: ${reason}`);
  }
}

/** A policy that does not exist, or that the caller may not see. */
export class MirrorPolicyNotFound extends DomainError {
  readonly kind = 'not-found';
  readonly code = 'mirror_policy_not_found';

  constructor() {
    super('Policy not found');
  }
}

/** Names of policies are unique among those of one organization, and among the global ones. */
export class MirrorPolicyNameTaken extends DomainError {
  readonly kind = 'conflict';
  readonly code = 'mirror_policy_name_taken';

  constructor() {
    super('A policy with this name already exists in the same scope; choose another name');
  }
}

/** A request for an approval that does not exist, or that the caller may not see. */
export class MirrorApprovalNotFound extends DomainError {
  readonly kind = 'not-found';
  readonly code = 'mirror_approval_not_found';

  constructor() {
    super('Approval request not found');
  }
}

/** Somebody asked for the same already, and waits for the answer. */
export class MirrorApprovalPending extends DomainError {
  readonly kind = 'conflict';
  readonly code = 'mirror_approval_pending';

  constructor() {
    super('An approval request for this provider is already pending; review that one');
  }
}

/** A request is answered once; another answer takes a new request. */
export class MirrorApprovalReviewed extends DomainError {
  readonly kind = 'conflict';
  readonly code = 'mirror_approval_reviewed';

  constructor(status: 'approved' | 'rejected') {
    super(`This request was ${status} already; make a new one to decide otherwise`);
  }
}

/** A version that no run of the mirror has seen at its upstream. */
export class MirroredVersionNotSeen extends DomainError {
  readonly kind = 'not-found';
  readonly code = 'mirrored_version_not_seen';

  constructor() {
    super('The mirror has not seen this version at its upstream; let it run first');
  }
}
