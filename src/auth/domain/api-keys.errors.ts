import { DomainError } from '../../kernel/errors.js';

/** The caller may know of the key and may not manage it. */
export class ApiKeyAccessDenied extends DomainError {
  readonly kind = 'forbidden';
  readonly code = 'api_key_access_denied';

  constructor() {
    super('Access denied');
  }
}

/** This kind of credential makes no keys: a token exchanged for the identity of a pipeline, a service principal. */
export class CannotMakeKeys extends DomainError {
  readonly kind = 'forbidden';
  readonly code = 'cannot_make_keys';

  constructor() {
    super('This credential cannot create API keys');
  }
}

/** A key for an organization that the caller does not belong to; the same when there is no such organization. */
export class NotAMember extends DomainError {
  readonly kind = 'forbidden';
  readonly code = 'not_a_member';

  constructor() {
    super('You are not a member of this organization');
  }
}

/** The caller belongs to the organization and holds nothing there. */
export class NoRoleAssigned extends DomainError {
  readonly kind = 'forbidden';
  readonly code = 'no_role_assigned';

  constructor() {
    super(
      'No role template assigned for this organization. Ask an administrator of the organization to assign one.',
    );
  }
}

/** More than somebody holds who would give it, or who would own it. */
export class ScopeExceedsRole extends DomainError {
  readonly kind = 'forbidden';
  readonly code = 'scope_exceeds_role';

  /** `whose` is the caller, or the owner of a key that somebody else changes. */
  constructor(
    scope: string,
    allowed: readonly string[],
    role: string,
    whose: 'your' | "the owner's" = 'your',
  ) {
    super(`Scope '${scope}' exceeds ${whose} role permissions for this organization`, {
      body: { allowed_scopes: [...allowed], role_template: role },
    });
  }
}

/** A key would make or keep a key that ends after itself. */
export class KeyOutlivesItsMaker extends DomainError {
  readonly kind = 'forbidden';
  readonly code = 'key_outlives_its_maker';

  constructor(endsAt: Date) {
    super('An API key cannot create or extend a key beyond its own expiry', {
      details: `expires_at may be at most ${endsAt.toISOString()}`,
    });
  }
}
