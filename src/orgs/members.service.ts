import { Injectable, Logger } from '@nestjs/common';
import type { IdentifiedPrincipal } from '../access/principal.js';
import { AuditLog } from '../audit/audit-log.service.js';
import { CacheInvalidation } from '../platform/cache/cache-invalidation.js';
import type { MappedRole, Member, MembershipSource } from './domain/member.js';
import { AlreadyMember, MemberNotFound } from './domain/members.errors.js';
import { OrganizationNotFound } from './domain/orgs.errors.js';
import type { RoleTemplate } from './domain/role-template.js';
import { UserNotFound } from './domain/users.errors.js';
import { MemberRights } from './member-rights.service.js';
import { OrgInvariants } from './org-invariants.service.js';
import { MembershipsRepository } from './persistence/memberships.repository.js';
import { RoleTemplates } from './role-templates.service.js';

/**
 * Who belongs to an organization and with which role (REST contract 13). Every change happens under a lock of
 * the organization, is announced to every process and recorded.
 */
@Injectable()
export class Members {
  private readonly logger = new Logger('Members');

  constructor(
    private readonly memberships: MembershipsRepository,
    private readonly templates: RoleTemplates,
    private readonly rights: MemberRights,
    private readonly invariants: OrgInvariants,
    private readonly changes: CacheInvalidation,
    private readonly audit: AuditLog,
  ) {}

  /** Every member, by name. */
  list(organizationId: string): Promise<Member[]> {
    return this.memberships.list(organizationId);
  }

  /**
   * Makes a user a member. Throws `RoleExceedsOwn`, `OrganizationNotFound`, `UserNotFound`,
   * `RoleTemplateNotFound`, {@link AlreadyMember}.
   */
  add(
    principal: IdentifiedPrincipal,
    organizationId: string,
    userId: string,
    roleTemplateId: string | null,
  ): Promise<Member> {
    return this.changing(organizationId, userId, roleTemplateId, async (template, present) => {
      await this.rights.assertMayGive(principal, organizationId, template);
      if (present !== undefined) throw new AlreadyMember();
      return this.store(organizationId, userId, template, 'manual', undefined);
    });
  }

  /**
   * Gives a member another role, or none. Throws `RoleExceedsOwn`, {@link MemberNotFound}, `RoleTemplateNotFound`,
   * `LastAdministrator`.
   */
  change(
    principal: IdentifiedPrincipal,
    organizationId: string,
    userId: string,
    roleTemplateId: string | null,
  ): Promise<Member> {
    return this.changing(organizationId, userId, roleTemplateId, async (template, present) => {
      if (present === undefined) throw new MemberNotFound();
      await this.rights.assertMayTouch(principal, present);
      await this.rights.assertMayGive(principal, organizationId, template);
      return this.store(organizationId, userId, template, 'manual', present);
    });
  }

  /**
   * Ends a membership; a signed-in person may always leave. Throws `OrganizationNotFound`,
   * `OrganizationScopeMissing`, `RoleExceedsOwn`, {@link MemberNotFound}, `LastAdministrator`.
   */
  async remove(principal: IdentifiedPrincipal, organizationId: string, userId: string): Promise<void> {
    const isLeaving = principal.kind === 'user' && principal.userId === userId;
    if (!isLeaving) this.rights.assertMayChangeOrganization(principal, organizationId);
    await this.invariants.protecting([organizationId], async () => {
      const present = await this.memberships.find(organizationId, userId);
      if (present === undefined) throw this.rights.absentMember(principal, organizationId);
      await this.rights.assertMayTouch(principal, present);
      await this.memberships.remove(organizationId, userId);
      await this.record(present, undefined);
    });
  }

  /**
   * Gives a user a role by hand, member or not: for commands and setup, which nobody has to be asked for. Throws
   * `UserNotFound`, `OrganizationNotFound`, `RoleTemplateNotFound`, `LastAdministrator`.
   */
  put(organizationId: string, userId: string, roleTemplateId: string): Promise<Member> {
    return this.changing(organizationId, userId, roleTemplateId, (template, present) =>
      this.store(organizationId, userId, template, 'manual', present),
    );
  }

  /** Makes somebody an owner: whoever creates an organization. Throws `UserNotFound`, `OrganizationNotFound`. */
  async appointOwner(organizationId: string, userId: string): Promise<Member> {
    return this.put(organizationId, userId, (await this.templates.getByName('owner')).id);
  }

  /**
   * Brings the memberships that group mappings gave a user in line with what the groups ask for now: adds, changes
   * and takes away. What was given by hand stays, and so does what an invariant of 3.3 needs, with a warning in the
   * log. Throws `UserNotFound`, `RoleTemplateNotFound`.
   */
  async applyMapped(userId: string, roles: readonly MappedRole[]): Promise<void> {
    const wanted = new Map(roles.toReversed().map((role) => [role.organizationId, role.roleTemplateId]));
    await this.invariants.protecting([], async () => {
      const templates = new Map<string, RoleTemplate>();
      for (const id of [...new Set(wanted.values())].toSorted())
        templates.set(id, await this.templates.holdForUse(id));
      if (!(await this.memberships.holdUser(userId))) throw new UserNotFound();
      const mapped = (await this.memberships.listMapped(userId)).map((one) => one.organizationId);
      const organizationIds = [...new Set([...wanted.keys(), ...mapped])].toSorted();
      await this.memberships.lockOrganizations(organizationIds);
      for (const organizationId of organizationIds) {
        const template = templates.get(wanted.get(organizationId) ?? '');
        await this.applyOne(organizationId, userId, template);
      }
    });
  }

  private async applyOne(
    organizationId: string,
    userId: string,
    template: RoleTemplate | undefined,
  ): Promise<void> {
    const before = await this.memberships.find(organizationId, userId);
    if (before?.source === 'manual' || before?.template?.id === template?.id) return;
    const isMade = await this.invariants.permits(organizationId, () =>
      template === undefined
        ? this.memberships.remove(organizationId, userId)
        : this.memberships.put({ organizationId, userId, roleTemplateId: template.id, source: 'mapped' }),
    );
    if (isMade) return this.record(before, await this.memberships.find(organizationId, userId));
    this.logger.warn(
      `The groups of user ${userId} no longer give the role ${before?.template?.name} in organization ` +
        `${organizationId}; it stays, because nobody else leads there. Appoint somebody else.`,
    );
  }

  /** Locks in the order of everybody: template, user, organization. */
  private changing(
    organizationId: string,
    userId: string,
    roleTemplateId: string | null,
    work: (template: RoleTemplate | null, present: Member | undefined) => Promise<Member>,
  ): Promise<Member> {
    return this.invariants.protecting([], async () => {
      const template = roleTemplateId === null ? null : await this.templates.holdForUse(roleTemplateId);
      if (!(await this.memberships.holdUser(userId))) throw new UserNotFound();
      return this.invariants.protecting([organizationId], async () => {
        if (!(await this.memberships.hasOrganization(organizationId))) throw new OrganizationNotFound();
        return work(template, await this.memberships.find(organizationId, userId));
      });
    });
  }

  private async store(
    organizationId: string,
    userId: string,
    template: RoleTemplate | null,
    source: MembershipSource,
    before: Member | undefined,
  ): Promise<Member> {
    await this.memberships.put({ organizationId, userId, roleTemplateId: template?.id ?? null, source });
    const after = await this.memberships.find(organizationId, userId);
    if (after === undefined) throw new MemberNotFound();
    await this.record(before, after);
    return after;
  }

  private async record(before: Member | undefined, after: Member | undefined): Promise<void> {
    const { organizationId, userId } = (after ?? before)!;
    this.changes.announce('identity');
    await this.audit.record({
      resource: 'organization',
      resourceId: organizationId,
      organizationId,
      ...(before && { before: shownOf(before) }),
      ...(after && { after: shownOf(after) }),
      metadata: { member: userId },
    });
  }
}

function shownOf({ template, source }: Member): Record<string, unknown> {
  return { role_template: template?.name ?? null, source };
}
