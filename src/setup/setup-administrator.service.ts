import { Injectable } from '@nestjs/common';
import { LocalAccountsConfig } from '../config/local-accounts.config.js';
import { InvalidInput } from '../kernel/invalid-input.js';
import { LocalAccountsOff } from '../auth/domain/local-accounts.errors.js';
import { newPassword } from '../auth/domain/local-password.js';
import { LocalAccounts } from '../auth/local-accounts.service.js';
import { Members } from '../orgs/members.service.js';
import { Organizations } from '../orgs/organizations.service.js';
import { RoleTemplates } from '../orgs/role-templates.service.js';
import { Users } from '../orgs/users.service.js';
import { AdminEmailInvalid } from './domain/setup.errors.js';

const ROLE = 'admin';

/** Runs a change as one step of the setup: in a transaction, locked, recorded. */
export type SetupStep = <T>(change: () => Promise<T>) => Promise<T>;

/** Who was appointed, and where. */
export interface AppointedAdministrator {
  readonly email: string;
  readonly organization: string;
}

/** The first administrator: a user with the template `admin` in the default organization. */
@Injectable()
export class SetupAdministrator {
  constructor(
    private readonly users: Users,
    private readonly members: Members,
    private readonly templates: RoleTemplates,
    private readonly organizations: Organizations,
    private readonly localAccounts: LocalAccounts,
    private readonly config: LocalAccountsConfig,
  ) {}

  /**
   * Appoints the user with this address, made when there is none; one that was appointed before and has not
   * signed in is forgotten. Throws {@link AdminEmailInvalid}, `InvalidInput` for a password that is
   * too weak, `LocalAccountsOff`.
   */
  async appoint(
    email: string,
    name: string | undefined,
    password: string | undefined,
    step: SetupStep,
  ): Promise<AppointedAdministrator> {
    const organization = await this.organizations.getDefault();
    const template = await this.templates.findByName(ROLE);
    if (template === undefined) throw new Error('The system template admin is missing');
    // Before anything is stored: a refused password leaves nobody behind.
    if (password !== undefined) this.checkPassword(password, email, name);
    const user = await step(async () => {
      const appointed = await this.userFor(email, name);
      await this.members.put(organization.id, appointed.id, template.id);
      return appointed;
    });
    if (password !== undefined)
      await this.localAccounts.setPassword(user.id, password, { mustChange: false });
    return { email: user.email, organization: organization.displayName };
  }

  /** Whether the platform has an administrator. */
  async exists(): Promise<boolean> {
    return (await this.all()).length > 0;
  }

  /** Whether one of them can sign in with a password. */
  async canSignInLocally(): Promise<boolean> {
    for (const userId of await this.all()) {
      if (await this.localAccounts.hasPassword(userId)) return true;
    }
    return false;
  }

  private async all(): Promise<string[]> {
    const { id } = await this.organizations.getDefault();
    const members = await this.members.list(id);
    return members.filter(({ template }) => template?.scopes.includes('admin')).map(({ userId }) => userId);
  }

  private checkPassword(password: string, email: string, name = ''): void {
    if (!this.config.enabled) throw new LocalAccountsOff();
    newPassword(password, { minLength: this.config.minLength, email, name, field: 'password' });
  }

  private async userFor(email: string, name: string | undefined) {
    try {
      return await this.users.rememberSetupAdministrator(email, name);
    } catch (error) {
      throw error instanceof InvalidInput ? new AdminEmailInvalid() : error;
    }
  }
}
