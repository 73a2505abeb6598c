import { DomainError } from '../../kernel/errors.js';

/** A user who is no member of the organization. */
export class MemberNotFound extends DomainError {
  readonly kind = 'not-found';
  readonly code = 'member_not_found';

  constructor() {
    super('Member not found in organization');
  }
}

/** A user is a member of an organization at most once. */
export class AlreadyMember extends DomainError {
  readonly kind = 'conflict';
  readonly code = 'already_member';

  constructor() {
    super('User is already a member of this organization');
  }
}

/** Handing out more than one holds oneself (REST contract 3.4, rule 5). */
export class RoleExceedsOwn extends DomainError {
  readonly kind = 'forbidden';
  readonly code = 'role_exceeds_own';

  private constructor(message: string, allowedScopes: readonly string[], roleTemplate: string) {
    super(message, { body: { allowed_scopes: [...allowedScopes], role_template: roleTemplate } });
  }

  static byScope(scope: string, allowedScopes: readonly string[], roleTemplate: string): RoleExceedsOwn {
    const message = `Scope '${scope}' exceeds your role permissions for this organization`;
    return new RoleExceedsOwn(message, allowedScopes, roleTemplate);
  }

  static byOwnership(allowedScopes: readonly string[], roleTemplate: string): RoleExceedsOwn {
    const message =
      'Only owners of the organization and platform administrators appoint, change and remove owners';
    return new RoleExceedsOwn(message, allowedScopes, roleTemplate);
  }
}

/** A role template that does not exist. */
export class RoleTemplateNotFound extends DomainError {
  readonly kind = 'not-found';
  readonly code = 'role_template_not_found';

  constructor() {
    super('Role template not found');
  }
}

/** Names of role templates are unique. */
export class RoleTemplateNameTaken extends DomainError {
  readonly kind = 'conflict';
  readonly code = 'role_template_name_taken';

  constructor() {
    super('Role template with this name already exists');
  }
}

/** The templates that come with the product stay as they are. */
export class SystemRoleTemplate extends DomainError {
  readonly kind = 'forbidden';
  readonly code = 'system_role_template';

  private constructor(message: string) {
    super(message);
  }

  static notChanged(): SystemRoleTemplate {
    return new SystemRoleTemplate('Cannot modify system role templates');
  }

  static notDeleted(): SystemRoleTemplate {
    return new SystemRoleTemplate('Cannot delete system role templates');
  }
}

/** A template that members still have is not deleted. */
export class RoleTemplateInUse extends DomainError {
  readonly kind = 'conflict';
  readonly code = 'role_template_in_use';

  constructor() {
    super('The role template is still assigned: give its members another role first');
  }
}
