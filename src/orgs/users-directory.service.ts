import { Injectable } from '@nestjs/common';
import type { Principal } from '../access/principal.js';
import { InvalidInput } from '../kernel/invalid-input.js';
import type { Page, PageRequest } from '../kernel/page.js';
import { type HeldMembership, primaryMembership } from './domain/held-membership.js';
import type { Organization } from './domain/organization.js';
import type { User } from './domain/user.js';
import { UserNotFound } from './domain/users.errors.js';
import { HeldMembershipsRepository } from './persistence/held-memberships.repository.js';
import { OrganizationsRepository } from './persistence/organizations.repository.js';
import { UsersRepository } from './persistence/users.repository.js';
import { UsersAccess } from './users-access.service.js';

/** A user in a list, with the membership of most authority among those that the caller may see. */
export interface ListedUser {
  readonly user: User;
  readonly primary: HeldMembership | undefined;
}

/** Users as a caller sees them (REST contract 12): who is not visible does not exist. */
@Injectable()
export class UsersDirectory {
  constructor(
    private readonly users: UsersRepository,
    private readonly memberships: HeldMembershipsRepository,
    private readonly organizations: OrganizationsRepository,
    private readonly access: UsersAccess,
  ) {}

  /** One page of all visible users, by e-mail. */
  list(principal: Principal, page: PageRequest): Promise<Page<ListedUser>> {
    return this.page(principal, page);
  }

  /** The same for those with `text` in name or e-mail, in any case. Throws `InvalidInput` without a text. */
  search(principal: Principal, text: string, page: PageRequest): Promise<Page<ListedUser>> {
    const wanted = text.trim();
    if (wanted === '') throw new InvalidInput('Search query is required');
    return this.page(principal, page, wanted);
  }

  /** A user and those of their organizations that are visible, by name. Throws {@link UserNotFound}. */
  async detail(principal: Principal, userId: string): Promise<{ user: User; organizations: Organization[] }> {
    await this.access.assertVisible(principal, userId);
    const user = await this.users.findById(userId);
    if (user === null) throw new UserNotFound();
    const memberships = await this.memberships.list([userId], this.access.visibleOrganizations(principal));
    const found = await Promise.all(
      memberships.map(({ organizationId }) => this.organizations.findById(organizationId)),
    );
    return { user, organizations: found.filter((one) => one !== null) };
  }

  /** The memberships of a user that are visible, by name of the organization. Throws {@link UserNotFound}. */
  async membershipsOf(principal: Principal, userId: string): Promise<HeldMembership[]> {
    await this.access.assertVisible(principal, userId);
    return this.memberships.list([userId], this.access.visibleOrganizations(principal));
  }

  /** How many people belong to these organizations; all users for `all`. */
  countIn(organizationIds: 'all' | readonly string[]): Promise<number> {
    return this.users.countIn(organizationIds);
  }

  /** All memberships of a user as they see them, by name of the organization. */
  ownMemberships(userId: string): Promise<HeldMembership[]> {
    return this.memberships.list([userId]);
  }

  private async page(principal: Principal, wanted: PageRequest, text?: string): Promise<Page<ListedUser>> {
    const page = await this.users.list(this.access.visibleTo(principal), wanted, text);
    const memberships = await this.memberships.list(
      page.items.map(({ id }) => id),
      this.access.visibleOrganizations(principal),
    );
    const byUser = Map.groupBy(memberships, ({ userId }) => userId);
    const items = page.items.map((user) => ({ user, primary: primaryMembership(byUser.get(user.id) ?? []) }));
    return { ...page, items };
  }
}
