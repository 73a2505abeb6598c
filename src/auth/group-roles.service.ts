import { Injectable, Logger } from '@nestjs/common';
import { covers } from '../access/scope.js';
import type { RoleTemplate } from '../orgs/domain/role-template.js';
import { Members } from '../orgs/members.service.js';
import { Organizations } from '../orgs/organizations.service.js';
import { RoleTemplates } from '../orgs/role-templates.service.js';
import { OrganizationNotFound } from '../orgs/domain/orgs.errors.js';
import type { GroupSettings, MappedGroup } from './domain/sign-in-provider.js';

/** A role that follows from a group, by ids. */
export interface GroupRole {
  readonly organizationId: string;
  readonly roleTemplateId: string;
}

/** Turns the groups of an identity provider into roles (REST contract 9.2, threat B15). */
@Injectable()
export class GroupRoles {
  private readonly logger = new Logger('GroupRoles');

  constructor(
    private readonly organizations: Organizations,
    private readonly templates: RoleTemplates,
    private readonly members: Members,
  ) {}

  /**
   * The roles that follow from `groups`, one for each organization: of several the one that allows all that the
   * others do, else the first in the mapping. When no group matches, `defaultRole` in the default organization.
   * Organizations and templates that are gone give nothing.
   */
  async rolesFor(
    groups: readonly string[],
    mappings: readonly MappedGroup[],
    defaultRole: string,
  ): Promise<GroupRole[]> {
    const matching = mappings.filter(({ group }) => groups.includes(group));
    if (matching.length === 0) return this.defaultRoles(defaultRole);
    const chosen = new Map<string, RoleTemplate>();
    for (const mapping of matching) {
      const found = await this.resolve(mapping);
      if (found === undefined) continue;
      const present = chosen.get(found.organizationId);
      if (present === undefined || isMore(found.template, present)) {
        chosen.set(found.organizationId, found.template);
      }
    }
    return [...chosen].map(([organizationId, { id }]) => ({ organizationId, roleTemplateId: id }));
  }

  /** Makes the mapped memberships of a user exactly those that follow from `groups`; those given by hand stay. */
  async apply(userId: string, groups: readonly string[], settings: GroupSettings): Promise<void> {
    const roles = await this.rolesFor(groups, settings.groupMappings, settings.defaultRole);
    await this.members.applyMapped(userId, roles);
  }

  private async defaultRoles(name: string): Promise<GroupRole[]> {
    if (name === '') return [];
    const template = await this.templates.findByName(name);
    if (template === undefined) {
      this.logger.warn(`The default role ${name} is not a role template`);
      return [];
    }
    const { id } = await this.organizations.getDefault();
    return [{ organizationId: id, roleTemplateId: template.id }];
  }

  private async resolve({ organization, role }: MappedGroup) {
    const template = await this.templates.findByName(role);
    const found = await this.organizations.getByName(organization).catch((error: unknown) => {
      if (error instanceof OrganizationNotFound) return undefined;
      throw error;
    });
    if (template === undefined || found === undefined) {
      this.logger.warn(`The group mapping to ${role} in ${organization} names something that does not exist`);
      return undefined;
    }
    return { organizationId: found.id, template };
  }
}

function isMore(one: RoleTemplate, than: RoleTemplate): boolean {
  return (
    than.scopes.every((scope) => covers(one.scopes, scope)) &&
    !one.scopes.every((scope) => covers(than.scopes, scope))
  );
}
