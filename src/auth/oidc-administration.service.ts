import { Injectable } from '@nestjs/common';
import type { IdentifiedPrincipal } from '../access/principal.js';
import { FieldErrors } from '../kernel/field-errors.js';
import { OrganizationNotFound } from '../orgs/domain/orgs.errors.js';
import { Organizations } from '../orgs/organizations.service.js';
import { RoleTemplates } from '../orgs/role-templates.service.js';
import { NoOidcConfiguration } from './domain/sign-in.errors.js';
import type { GroupSettings } from './domain/sign-in-provider.js';
import { IdentitySettings, type ShownConfiguration } from './identity-settings.service.js';

/** What platform administrators see and change of sign-in (REST contract 26). */
@Injectable()
export class OidcAdministration {
  constructor(
    private readonly settings: IdentitySettings,
    private readonly organizations: Organizations,
    private readonly templates: RoleTemplates,
  ) {}

  /** The configuration in use. Throws {@link NoOidcConfiguration}. */
  async get(): Promise<ShownConfiguration> {
    const shown = await this.settings.shown();
    if (shown === undefined) throw new NoOidcConfiguration();
    return shown;
  }

  /**
   * Replaces the group mapping; it overrides that of file and environment. Throws {@link NoOidcConfiguration}, and
   * `InvalidInput` for an unknown organization or template, or a mapping that is there twice.
   */
  async mapGroups(principal: IdentifiedPrincipal, groups: GroupSettings): Promise<ShownConfiguration> {
    const { id } = await this.get();
    await this.check(groups);
    await this.settings.putGroups(id, groups, principal.userId);
    return this.get();
  }

  private async check({ groupMappings, defaultRole }: GroupSettings): Promise<void> {
    const errors = new FieldErrors();
    const seen = new Set<string>();
    for (const [index, { group, organization, role }] of groupMappings.entries()) {
      const field = `group_mappings.${index}`;
      if (!(await this.isTemplate(role))) errors.add(`${field}.role`, `Unknown role template: ${role}`);
      if (!(await this.isOrganization(organization))) {
        errors.add(`${field}.organization`, `Unknown organization: ${organization}`);
      }
      const key = JSON.stringify([group, organization, role]);
      if (seen.has(key)) errors.add(field, `Duplicate mapping of the group ${group}`);
      seen.add(key);
    }
    if (defaultRole !== '' && !(await this.isTemplate(defaultRole))) {
      errors.add('default_role', `Unknown role template: ${defaultRole}`);
    }
    errors.throwIfAny('The group mapping cannot be used');
  }

  private async isTemplate(name: string): Promise<boolean> {
    return (await this.templates.findByName(name)) !== undefined;
  }

  private async isOrganization(name: string): Promise<boolean> {
    try {
      await this.organizations.getByName(name);
      return true;
    } catch (error) {
      if (error instanceof OrganizationNotFound) return false;
      throw error;
    }
  }
}
