import { DomainError } from '../../kernel/errors.js';

/** The name belongs to another organization, or is a namespace that somebody claimed; one text for both. */
export class OrganizationNameTaken extends DomainError {
  readonly kind = 'conflict';
  readonly code = 'organization_name_taken';

  constructor() {
    super('Organization with this name already exists');
  }
}

/** The default organization is where the platform is administered; it is never deleted. */
export class OrganizationIsDefault extends DomainError {
  readonly kind = 'conflict';
  readonly code = 'organization_is_default';

  constructor() {
    super('The default organization cannot be deleted');
  }
}

/** An organization goes only when nothing that people use goes with it. */
export class OrganizationNotEmpty extends DomainError {
  readonly kind = 'conflict';
  readonly code = 'organization_not_empty';

  constructor() {
    super(
      'The organization still owns modules, providers, mirrors or SCM providers: delete them, or move their namespaces first',
    );
  }
}

/** Administrators of an organization do everything in it except this. */
export class OwnerNeeded extends DomainError {
  readonly kind = 'forbidden';
  readonly code = 'owner_needed';

  constructor() {
    super('Only owners of the organization and platform administrators may delete it');
  }
}

/** The caller sees the organization and holds too little in it, told like every other missing scope. */
export class OrganizationScopeMissing extends DomainError {
  readonly kind = 'forbidden';

  constructor(
    scope: string,
    readonly code: string = 'missing_scope',
  ) {
    super('Missing required scope', { details: `Required scope: ${scope}` });
  }
}

/** Making an organization the default one would leave the platform without an administrator. */
export class DefaultNeedsAdministrator extends DomainError {
  readonly kind = 'conflict';
  readonly code = 'default_needs_administrator';

  constructor(name: string) {
    super(
      `The organization ${name} has no active member whose role holds admin, so nobody would administer the platform; appoint one first`,
    );
  }
}

/** A namespace that cannot be claimed, whatever the reason. */
export class NamespaceTaken extends DomainError {
  readonly kind = 'conflict';
  readonly code = 'namespace_taken';

  constructor() {
    super('This namespace is not available');
  }
}

/** A claim is released only when nothing is left of what was published under it. */
export class NamespaceInUse extends DomainError {
  readonly kind = 'conflict';
  readonly code = 'namespace_in_use';

  constructor() {
    super('Something is or was published in this namespace, so its name stays taken; move it instead');
  }
}

/** Whose modules a namespace holds decides who owns it: the mirror that fetches them. */
export class NamespaceIsMirrors extends DomainError {
  readonly kind = 'conflict';
  readonly code = 'namespace_is_mirrors';

  constructor(host: string) {
    super(
      `Modules of this namespace are fetched from ${host}; change module_namespaces or organization_id of the mirror instead`,
    );
  }
}
