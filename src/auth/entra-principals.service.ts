import { Injectable } from '@nestjs/common';
import { authorityOf, type HeldRole } from '../access/authority.js';
import type { IdentifiedPrincipal } from '../access/principal.js';
import { AuthConfig } from '../config/auth.config.js';
import { RoleTemplateNotFound } from '../orgs/domain/members.errors.js';
import { UserCreationRefused } from '../orgs/domain/users.errors.js';
import { Organizations } from '../orgs/organizations.service.js';
import { RoleTemplates } from '../orgs/role-templates.service.js';
import { UserAuthority } from '../orgs/user-authority.service.js';
import { Users } from '../orgs/users.service.js';
import { entraGroups, type EntraSubject } from './domain/entra-claims.js';
import type { TokenClaims } from './domain/publisher-claims.js';
import type { GroupSettings } from './domain/sign-in-provider.js';
import { type GroupRole, GroupRoles } from './group-roles.service.js';

type UserSubject = Extract<EntraSubject, { kind: 'user' }>;
type ServiceSubject = Extract<EntraSubject, { kind: 'service' }>;

/** Who an access token of Entra ID makes its bearer here, with the rights of now. */
@Injectable()
export class EntraPrincipals {
  constructor(
    private readonly users: Users,
    private readonly authority: UserAuthority,
    private readonly groups: GroupRoles,
    private readonly organizations: Organizations,
    private readonly templates: RoleTemplates,
    private readonly config: AuthConfig,
  ) {}

  /** The principal of a verified token; `undefined` for a user who is unknown or disabled. */
  of(
    subject: EntraSubject,
    claims: TokenClaims,
    issuer: string,
    settings: GroupSettings,
  ): Promise<IdentifiedPrincipal | undefined> {
    if (subject.kind === 'user') return this.user(subject, issuer);
    return this.service(subject, issuer, entraGroups(claims, settings.groupClaimName), settings);
  }

  /** Without an address nobody is created and nobody is joined by address: only a known subject is found. */
  private async user(
    { subject, tokenId }: UserSubject,
    issuer: string,
  ): Promise<IdentifiedPrincipal | undefined> {
    const claim = { issuer, subject, email: '', isEmailVerified: false, isEmailTrusted: false };
    const found = await this.users.provision(claim).catch((error: unknown) => {
      if (error instanceof UserCreationRefused) return undefined;
      throw error;
    });
    if (found === undefined) return undefined;
    const { value: user } = await this.authority.of(found.id);
    return user && { kind: 'user', ...user, credential: { kind: 'entra-token', id: tokenId } };
  }

  private async service(
    { objectId, name }: ServiceSubject,
    issuer: string,
    groups: readonly string[],
    settings: GroupSettings,
  ): Promise<IdentifiedPrincipal> {
    // The default role is for people.
    const mapped = await this.groups.rolesFor(groups, settings.groupMappings, '');
    const roles = await Promise.all(mapped.map((role) => this.held(role)));
    return {
      kind: 'service',
      userId: null,
      name,
      email: null,
      issuer,
      subject: objectId,
      authority: authorityOf(
        roles.filter((role) => role !== undefined),
        this.config.multiTenancyEnabled,
      ),
    };
  }

  /** A role with what it allows; `undefined` when it was deleted a moment ago. */
  private async held({ organizationId, roleTemplateId }: GroupRole): Promise<HeldRole | undefined> {
    const organization = await this.organizations.find(organizationId);
    const template = await this.templates.get(roleTemplateId).catch((error: unknown) => {
      if (error instanceof RoleTemplateNotFound) return undefined;
      throw error;
    });
    if (organization === undefined || template === undefined) return undefined;
    return { organizationId, isDefaultOrganization: organization.isDefault, scopes: template.scopes };
  }
}
