import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import type { Principal } from '../access/principal.js';
import type { HeldMembership } from '../orgs/domain/held-membership.js';
import type { User } from '../orgs/domain/user.js';
import { UserNotFound } from '../orgs/domain/users.errors.js';
import { Members } from '../orgs/members.service.js';
import { Organizations } from '../orgs/organizations.service.js';
import { RoleTemplates } from '../orgs/role-templates.service.js';
import { UsersDirectory } from '../orgs/users-directory.service.js';
import { Users } from '../orgs/users.service.js';
import { RequestContext } from '../platform/request-context/request-context.js';
import { DevSignIn, type DevSession } from './dev-sign-in.service.js';

const ADMINISTRATOR = { email: 'admin@dev.local', name: 'Development Administrator' };
const MOST_LISTED = 100;

/** The accounts of development mode (REST contract 10); without it this service does not exist. */
@Injectable()
export class DevAccounts implements OnApplicationBootstrap {
  constructor(
    private readonly users: Users,
    private readonly directory: UsersDirectory,
    private readonly members: Members,
    private readonly templates: RoleTemplates,
    private readonly organizations: Organizations,
    private readonly signIn: DevSignIn,
  ) {}

  /** Makes the administrator of development mode when there is none. */
  async onApplicationBootstrap(): Promise<void> {
    await RequestContext.runAs('COMMAND', 'development mode', () => this.ensureAdministrator());
  }

  /** Signs the administrator in. Throws `UserNotFound` when that user was deleted. */
  async login(): Promise<DevSession> {
    const user = await this.users.findByEmail(ADMINISTRATOR.email);
    if (user === undefined) throw new UserNotFound();
    return this.signIn.as(user);
  }

  /** Signs in as somebody else. Throws `UserNotFound`. */
  async impersonate(userId: string): Promise<DevSession> {
    return this.signIn.as(await this.users.get(userId));
  }

  /** The first users by e-mail with their role of most authority. */
  async list(
    principal: Principal,
  ): Promise<readonly { readonly user: User; readonly primary: HeldMembership | undefined }[]> {
    return (await this.directory.list(principal, { page: 1, perPage: MOST_LISTED })).items;
  }

  private async ensureAdministrator(): Promise<void> {
    const user = await this.users.ensure(ADMINISTRATOR);
    const memberships = await this.directory.ownMemberships(user.id);
    const isAdministrator = memberships.some(
      ({ isDefaultOrganization, role }) => isDefaultOrganization && role?.scopes.includes('admin'),
    );
    const template = await this.templates.findByName('admin');
    if (isAdministrator || template === undefined) return;
    const { id } = await this.organizations.getDefault();
    await this.members.put(id, user.id, template.id);
  }
}
