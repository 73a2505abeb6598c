import { DomainError } from '../../kernel/errors.js';

/** Writing into a namespace that the caller does not own; the same for claimed, reserved and unknown names. */
export class NamespaceNotYours extends DomainError {
  readonly kind = 'forbidden';
  readonly code = 'namespace_not_yours';

  constructor() {
    super('You may not publish into this namespace. Use a namespace of your own organization.');
  }
}

/** A mirror of another organization brought this provider first; it is here once. */
export class MirroredElsewhere extends DomainError {
  readonly kind = 'conflict';
  readonly code = 'mirrored_elsewhere';

  constructor(address: string) {
    super(`${address} is mirrored for other readers already; leave it out of this mirror, or use theirs`);
  }
}

/** A namespace that does not exist, or that the caller may not see. */
export class NamespaceNotFound extends DomainError {
  readonly kind = 'not-found';
  readonly code = 'namespace_not_found';

  constructor() {
    super('Namespace not found');
  }
}

/** An organization that does not exist, or that the caller may not see. */
export class OrganizationNotFound extends DomainError {
  readonly kind = 'not-found';
  readonly code = 'organization_not_found';

  constructor() {
    super('Organization not found');
  }
}
