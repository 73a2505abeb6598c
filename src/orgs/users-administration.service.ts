import { Injectable } from '@nestjs/common';
import type { Principal } from '../access/principal.js';
import { isUniqueViolation } from '../platform/database/pg-errors.js';
import { Transactions } from '../platform/database/transactions.js';
import { emailAddress } from './domain/email-address.js';
import type { HeldMembership } from './domain/held-membership.js';
import { personName } from './domain/person-name.js';
import type { User } from './domain/user.js';
import { SubjectNotYours, UserEmailTaken, UserNotFound, UserSubjectTaken } from './domain/users.errors.js';
import { OrgInvariants } from './org-invariants.service.js';
import { HeldMembershipsRepository } from './persistence/held-memberships.repository.js';
import { UsersRepository } from './persistence/users.repository.js';
import { UsersAccess } from './users-access.service.js';
import { UsersRecord } from './users-record.service.js';

/** A user to be created by somebody else. */
export interface NewUser {
  readonly email: string;
  readonly name: string;
  /** Who they are at the identity provider; only platform administrators may say it. */
  readonly oidcSub?: string | undefined;
}

/** What changes about a user; absent stays as it is. */
export interface UserChange {
  readonly email?: string | undefined;
  readonly name?: string | undefined;
}

/** Users are created, changed, disabled and deleted (REST contract 12), by whom the rules allow it. */
@Injectable()
export class UsersAdministration {
  constructor(
    private readonly users: UsersRepository,
    private readonly memberships: HeldMembershipsRepository,
    private readonly access: UsersAccess,
    private readonly invariants: OrgInvariants,
    private readonly transactions: Transactions,
    private readonly record: UsersRecord,
  ) {}

  /**
   * Creates a user without membership. Throws `InvalidInput`, {@link SubjectNotYours}, {@link UserEmailTaken} and
   * {@link UserSubjectTaken}.
   */
  create(principal: Principal, input: NewUser): Promise<User> {
    const oidcSub = input.oidcSub?.trim() || null;
    const isPlatformAdmin = principal.kind !== 'anonymous' && principal.authority.isPlatformAdmin;
    if (oidcSub !== null && !isPlatformAdmin) throw new SubjectNotYours();
    const user = { email: emailAddress(input.email), name: personName(input.name), oidcSub };
    return this.transactions.run(async () => {
      const added = await this.users.addIfAbsent(user);
      if (added === null) {
        const isEmailTaken = (await this.users.findByEmail(user.email)) !== null;
        throw isEmailTaken ? UserEmailTaken.byExistingUser() : new UserSubjectTaken();
      }
      await this.record.changed(added, { after: { email: user.email, name: user.name, oidc_sub: oidcSub } });
      return added;
    });
  }

  /**
   * Changes name or e-mail. People who are signed in may change their own name. Throws `InvalidInput`,
   * {@link UserEmailTaken} and what {@link UsersAccess.assertMayChange} throws.
   */
  async update(principal: Principal, userId: string, input: UserChange): Promise<User> {
    const email = input.email === undefined ? undefined : emailAddress(input.email);
    const name = input.name === undefined ? undefined : personName(input.name);
    try {
      return await this.transactions.run(async () => {
        const user = await this.users.lock(userId);
        const isOwnName =
          principal.kind === 'user' && principal.userId === userId && (email ?? user?.email) === user?.email;
        if (!isOwnName) await this.access.assertMayChange(principal, userId);
        if (user === null) throw new UserNotFound();
        const changed = { email: email ?? user.email, name: name ?? user.name };
        if (changed.email === user.email && changed.name === user.name) {
          this.record.nothingChanged();
          return user;
        }
        await this.users.update(userId, changed);
        await this.record.changed(user, { before: { email: user.email, name: user.name }, after: changed });
        return (await this.users.findById(userId))!;
      });
    } catch (error) {
      if (isUniqueViolation(error, 'uq_user_email')) throw UserEmailTaken.byAnotherUser();
      throw error;
    }
  }

  /**
   * Deletes a user with sessions, keys and memberships; what they published stays and keeps their name. Throws
   * `LastAdministrator` and what {@link UsersAccess.assertMayChange} throws.
   */
  async delete(principal: Principal, userId: string): Promise<void> {
    await this.access.assertMayChange(principal, userId);
    await this.protecting(userId, async (user, memberships) => {
      // Once more, because a role may have been given since: from here on none is given or taken.
      await this.access.assertMayChange(principal, userId);
      const before = { email: user.email, name: user.name, is_active: user.isActive };
      await this.record.changed(user, { before });
      for (const { organizationId, role } of memberships) {
        await this.record.left(organizationId, user, role?.name ?? null);
      }
      await this.users.delete(userId);
    });
  }

  /**
   * Lets a user in again, or disables every credential of theirs; seen by every process within a second. Throws
   * {@link UserNotFound}, and `LastAdministrator` for the last one who could sign in.
   */
  setActive(userId: string, isActive: boolean): Promise<User> {
    return this.protecting(userId, async (user) => {
      if (user.isActive === isActive) return user;
      await this.users.update(userId, { isActive });
      await this.record.changed(user, {
        before: { is_active: user.isActive },
        after: { is_active: isActive },
      });
      return { ...user, isActive };
    });
  }

  /**
   * Runs a change of a user that must leave everybody an administrator. Organizations come before users in the
   * order of locks, as for everybody who changes memberships.
   */
  private protecting<T>(
    userId: string,
    change: (user: User, memberships: readonly HeldMembership[]) => Promise<T>,
  ): Promise<T> {
    const organizationsOf = (memberships: readonly HeldMembership[]) =>
      memberships.map(({ organizationId }) => organizationId);
    return this.transactions.run(async () => {
      const first = organizationsOf(await this.memberships.list([userId]));
      return this.invariants.protecting(first, async () => {
        const user = await this.users.lock(userId);
        if (user === null) throw new UserNotFound();
        // Another organization may have taken them in before the lock of the user.
        const memberships = await this.memberships.list([userId]);
        const late = organizationsOf(memberships).filter((id) => !first.includes(id));
        return this.invariants.protecting(late, () => change(user, memberships));
      });
    });
  }
}
