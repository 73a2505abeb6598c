import { Injectable } from '@nestjs/common';
import { scopesIn } from '../access/authority.js';
import { parseScopes } from '../access/parse-scopes.js';
import type { IdentifiedPrincipal } from '../access/principal.js';
import type { Scope } from '../access/scope.js';
import { AuditLog } from '../audit/audit-log.service.js';
import { InvalidInput } from '../kernel/invalid-input.js';
import { CacheInvalidation } from '../platform/cache/cache-invalidation.js';
import { assertCovered } from './domain/grant-limit.js';
import {
  RoleTemplateInUse,
  RoleTemplateNameTaken,
  RoleTemplateNotFound,
  SystemRoleTemplate,
} from './domain/members.errors.js';
import type { RoleTemplate } from './domain/role-template.js';
import { OrgInvariants } from './org-invariants.service.js';
import { Organizations } from './organizations.service.js';
import { MembershipsRepository } from './persistence/memberships.repository.js';
import { RoleTemplatesRepository } from './persistence/role-templates.repository.js';

/** What people say about a template of their own; absent fields stay as they are. */
export interface RoleTemplateInput {
  readonly name?: string | undefined;
  readonly displayName?: string | undefined;
  readonly description?: string | null | undefined;
  readonly scopes?: readonly string[] | undefined;
}

/** A new template. */
export type NewRoleTemplate = RoleTemplateInput &
  Required<Pick<RoleTemplateInput, 'name' | 'scopes'>> & {
    readonly displayName: string;
  };

/** Role templates (REST contract 3.2 and 24): those of the product, and those that platform administrators add. */
@Injectable()
export class RoleTemplates {
  constructor(
    private readonly templates: RoleTemplatesRepository,
    private readonly memberships: MembershipsRepository,
    private readonly organizations: Organizations,
    private readonly invariants: OrgInvariants,
    private readonly changes: CacheInvalidation,
    private readonly audit: AuditLog,
  ) {}

  /** All templates, those of the product first, then by name. */
  list(): Promise<RoleTemplate[]> {
    return this.templates.list();
  }

  /** The template with this id. Throws {@link RoleTemplateNotFound}. */
  async get(id: string): Promise<RoleTemplate> {
    const template = await this.templates.findById(id);
    if (template === null) throw new RoleTemplateNotFound();
    return template;
  }

  /** The template of this name. */
  async findByName(name: string): Promise<RoleTemplate | undefined> {
    return (await this.templates.findByName(name)) ?? undefined;
  }

  /** The template of this name. Throws {@link RoleTemplateNotFound}. */
  async getByName(name: string): Promise<RoleTemplate> {
    const template = await this.findByName(name);
    if (template === undefined) throw new RoleTemplateNotFound();
    return template;
  }

  /**
   * The template, which nobody changes or deletes until the surrounding transaction ends. Comes before the lock of
   * an organization. Throws {@link RoleTemplateNotFound}.
   */
  async holdForUse(id: string): Promise<RoleTemplate> {
    const template = await this.templates.lock(id, 'use');
    if (template === null) throw new RoleTemplateNotFound();
    return template;
  }

  /** Adds a template. Throws `InvalidInput`, `RoleExceedsOwn`, {@link RoleTemplateNameTaken}. */
  async create(principal: IdentifiedPrincipal, input: NewRoleTemplate): Promise<RoleTemplate> {
    const scopes = parseScopes(input.scopes);
    await this.assertMayGive(principal, scopes);
    return this.invariants.protecting([], async () => {
      if ((await this.templates.findByName(input.name)) !== null) throw new RoleTemplateNameTaken();
      const { name, displayName, description } = input;
      const template = await this.templates.add({
        name,
        displayName,
        description: description || null,
        scopes,
      });
      await this.record(template, { after: shownOf(template) });
      return template;
    });
  }

  /**
   * Changes a template and with it at once what its members may do. Throws `InvalidInput`, `RoleExceedsOwn`,
   * {@link RoleTemplateNotFound}, {@link SystemRoleTemplate}, `LastAdministrator`.
   */
  async change(principal: IdentifiedPrincipal, id: string, input: RoleTemplateInput): Promise<RoleTemplate> {
    const scopes = input.scopes === undefined ? undefined : parseScopes(input.scopes);
    if (scopes !== undefined) await this.assertMayGive(principal, scopes);
    return this.whileNobodyUses(id, async (template) => {
      if (template.isSystem) throw SystemRoleTemplate.notChanged();
      if (input.name !== undefined && input.name !== template.name) {
        throw new InvalidInput('The name of a role template does not change', {
          fields: { name: `must be ${template.name} or absent` },
        });
      }
      const { displayName, description } = input;
      const changed = await this.templates.update(id, {
        ...(displayName !== undefined && { displayName }),
        ...(description !== undefined && { description: description || null }),
        ...(scopes !== undefined && { scopes }),
      });
      await this.record(changed, { before: shownOf(template), after: shownOf(changed) });
      return changed;
    });
  }

  /** Deletes a template. Throws {@link RoleTemplateNotFound}, {@link SystemRoleTemplate}, {@link RoleTemplateInUse}. */
  delete(id: string): Promise<void> {
    return this.whileNobodyUses(id, async (template, organizationIds) => {
      if (template.isSystem) throw SystemRoleTemplate.notDeleted();
      if (organizationIds.length > 0) throw new RoleTemplateInUse();
      await this.templates.delete(id);
      await this.record(template, { before: shownOf(template) });
    });
  }

  /** The lock of the template keeps others from giving it to somebody while the organizations are looked up. */
  private whileNobodyUses<T>(
    id: string,
    work: (template: RoleTemplate, organizationIds: readonly string[]) => Promise<T>,
  ): Promise<T> {
    return this.invariants.protecting([], async () => {
      const template = await this.templates.lock(id, 'change');
      if (template === null) throw new RoleTemplateNotFound();
      const organizationIds = await this.memberships.organizationsUsing(id);
      return this.invariants.protecting(organizationIds, () => work(template, organizationIds));
    });
  }

  private async assertMayGive(principal: IdentifiedPrincipal, scopes: readonly Scope[]): Promise<void> {
    const { id } = await this.organizations.getDefault();
    assertCovered(scopes, { scopes: scopesIn(principal.authority, id), roleTemplate: '' });
  }

  private async record(template: RoleTemplate, change: { before?: object; after?: object }): Promise<void> {
    this.changes.announce('identity');
    await this.audit.record({
      resource: 'role_template',
      resourceId: template.id,
      organizationId: null,
      before: change.before as Record<string, unknown> | undefined,
      after: change.after as Record<string, unknown> | undefined,
    });
  }
}

function shownOf({ name, displayName, description, scopes }: RoleTemplate): Record<string, unknown> {
  return { name, display_name: displayName, description, scopes };
}
