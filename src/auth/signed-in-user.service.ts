import { Injectable } from '@nestjs/common';
import type { Principal } from '../access/principal.js';
import { covers, type Scope, SCOPES } from '../access/scope.js';
import { type HeldMembership, primaryMembership } from '../orgs/domain/held-membership.js';
import type { User } from '../orgs/domain/user.js';
import { UserNotFound } from '../orgs/domain/users.errors.js';
import { UsersDirectory } from '../orgs/users-directory.service.js';
import { Users } from '../orgs/users.service.js';

/** What somebody is told about themselves. */
export interface OwnProfile {
  readonly user: User;
  /** By name of the organization. */
  readonly memberships: readonly HeldMembership[];
  /** For showing and hiding menu entries only; with everything that is implied. */
  readonly allowedScopes: readonly string[];
  /** The membership with the most authority. */
  readonly primary: HeldMembership | undefined;
}

/** Who is signed in (REST contract 9.2, `me`). Asks nothing but the database. */
@Injectable()
export class SignedInUser {
  constructor(
    private readonly users: Users,
    private readonly directory: UsersDirectory,
  ) {}

  /** The user behind a credential; with an API key its owner and the scopes of the key. Throws `UserNotFound`. */
  async of(principal: Principal): Promise<OwnProfile> {
    if (principal.kind === 'anonymous' || principal.userId === null) throw new UserNotFound();
    const user = await this.users.get(principal.userId);
    const memberships = await this.directory.ownMemberships(user.id);
    const held =
      principal.kind === 'api-key' ? principal.scopes : memberships.flatMap(({ role }) => role?.scopes ?? []);
    const allowedScopes = allowedScopesOf(held, principal.authority.isPlatformAdmin);
    return { user, memberships, allowedScopes, primary: primaryMembership(memberships) };
  }
}

/** `admin` of another organization than the default one appears as everything else. */
function allowedScopesOf(held: readonly Scope[], isPlatformAdmin: boolean): string[] {
  return SCOPES.filter((scope) =>
    scope === 'admin' ? isPlatformAdmin : isPlatformAdmin || covers(held, scope),
  ).flatMap((scope) => (scope === 'organizations:write' ? [scope, 'organizations:manage'] : [scope]));
}
