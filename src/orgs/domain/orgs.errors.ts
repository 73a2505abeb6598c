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

/** Modules of an upstream are fetched into this namespace: what people publish there would pass for the upstream's. */
export class NamespaceIsPulled extends DomainError {
  readonly kind = 'conflict';
  readonly code = 'namespace_is_pulled';

  constructor(namespace: string, host: string) {
    super(
      `The namespace ${namespace} holds modules that are fetched from ${host}, so nobody publishes into it; use another namespace`,
    );
  }
}

/** A mirror names a namespace for modules that is something else already, or is to be something else for others. */
export class NamespaceNotPullable extends DomainError {
  readonly kind = 'conflict';
  readonly code = 'namespace_not_pullable';

  constructor(namespace: string, host: string) {
    const reason = `${namespace} is published here, reserved, or pulled by another mirror: modules of ${host} cannot be mixed with it`;
    super(`Invalid module_namespaces: ${reason}; leave it out`, { fields: { module_namespaces: reason } });
  }
}

/** The namespace is no longer one into which modules of this upstream are fetched. */
export class NamespaceNotPulled extends DomainError {
  readonly kind = 'not-found';
  readonly code = 'namespace_not_pulled';

  constructor() {
    super('Modules of this namespace are not fetched any more');
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
