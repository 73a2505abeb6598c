import { DomainError } from '../../kernel/errors.js';

/** A user who does not exist, or whom the caller may not see. */
export class UserNotFound extends DomainError {
  readonly kind = 'not-found';
  readonly code = 'user_not_found';

  constructor() {
    super('User not found');
  }
}

/** The e-mail address belongs to another user; addresses are unique without case. */
export class UserEmailTaken extends DomainError {
  readonly kind = 'conflict';
  readonly code = 'user_email_taken';

  private constructor(message: string) {
    super(message);
  }

  static byExistingUser(): UserEmailTaken {
    return new UserEmailTaken('User with this email already exists');
  }

  static byAnotherUser(): UserEmailTaken {
    return new UserEmailTaken('Email already in use by another user');
  }
}

/** Another user has this subject of the identity provider. */
export class UserSubjectTaken extends DomainError {
  readonly kind = 'conflict';
  readonly code = 'user_subject_taken';

  constructor() {
    super('Another user has this oidc_sub');
  }
}

/** The caller sees this user but does not hold enough in every organization that the user belongs to. */
export class UserNotYours extends DomainError {
  readonly kind = 'forbidden';
  readonly code = 'user_not_yours';

  constructor() {
    super('You may not change this user', {
      details: 'It takes users:write and at least the rights of the user in each of their organizations',
    });
  }
}

/** Only platform administrators say in advance who somebody is at the identity provider. */
export class SubjectNotYours extends DomainError {
  readonly kind = 'forbidden';
  readonly code = 'oidc_sub_not_yours';

  constructor() {
    super('Only platform administrators may set oidc_sub');
  }
}

/** The caller may not change anybody else, told like every other missing scope. */
export class UsersWriteMissing extends DomainError {
  readonly kind = 'forbidden';

  constructor(readonly code: string = 'missing_scope') {
    super('Missing required scope', { details: 'Required scope: users:write' });
  }
}

/** The platform or an organization would be left without anybody who administers it. */
export class LastAdministrator extends DomainError {
  readonly kind = 'conflict';
  readonly code = 'last_administrator';

  private constructor(message: string) {
    super(message);
  }

  static ofPlatform(): LastAdministrator {
    return new LastAdministrator(
      'This is the last platform administrator: make somebody else a platform administrator first',
    );
  }

  static of(organization: string, role: 'administrator' | 'owner'): LastAdministrator {
    return new LastAdministrator(
      `This is the last ${role} of the organization ${organization}: appoint another ${role} first`,
    );
  }
}

/** Somebody who signs in belongs to no user, and none may be made or joined (REST contract 9.2). */
export class UserCreationRefused extends DomainError {
  readonly kind = 'forbidden';
  readonly code = 'user_creation_failed';

  constructor() {
    super(
      'The email address of this sign-in belongs to another user, or the identity provider did not verify it',
    );
  }
}
