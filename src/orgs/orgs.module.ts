import { Module } from '@nestjs/common';
import { MembersApiController } from './http/members-api.controller.js';
import { NamespacesApiController } from './http/namespaces-api.controller.js';
import { OrganizationsApiController } from './http/organizations-api.controller.js';
import { RoleTemplatesApiController } from './http/role-templates-api.controller.js';
import { UsersApiController } from './http/users-api.controller.js';
import { MemberRights } from './member-rights.service.js';
import { Members } from './members.service.js';
import { MirroredClaims } from './mirrored-claims.service.js';
import { NamespaceAdministration } from './namespace-administration.service.js';
import { NamespaceHolders } from './namespace-holders.js';
import { NamespaceOwners } from './namespace-owners.service.js';
import { Namespaces } from './namespaces.service.js';
import { OrgAccess } from './org-access.service.js';
import { OrgInvariants } from './org-invariants.service.js';
import { OrganizationCreation } from './organization-creation.service.js';
import { OrganizationLifecycle } from './organization-lifecycle.service.js';
import { Organizations } from './organizations.service.js';
import { HeldMembershipsRepository } from './persistence/held-memberships.repository.js';
import { MembershipEntity } from './persistence/membership.entity.js';
import { MembershipsRepository } from './persistence/memberships.repository.js';
import { NamespaceClaimEntity } from './persistence/namespace-claim.entity.js';
import { NamespaceClaimsRepository } from './persistence/namespace-claims.repository.js';
import { OrganizationEntity } from './persistence/organization.entity.js';
import { OrganizationsRepository } from './persistence/organizations.repository.js';
import { RoleTemplateEntity } from './persistence/role-template.entity.js';
import { RoleTemplatesRepository } from './persistence/role-templates.repository.js';
import { UserAuthorityRepository } from './persistence/user-authority.repository.js';
import { UsersRepository } from './persistence/users.repository.js';
import { UserEntity } from './persistence/user.entity.js';
import { PulledClaims } from './pulled-claims.service.js';
import { RecordedChanges } from './recorded-changes.service.js';
import { RoleTemplates } from './role-templates.service.js';
import { UserAuthority } from './user-authority.service.js';
import { Users } from './users.service.js';
import { UsersAccess } from './users-access.service.js';
import { UsersAdministration } from './users-administration.service.js';
import { UsersDirectory } from './users-directory.service.js';
import { UsersRecord } from './users-record.service.js';

/**
 * Organizations, their people and roles, and who owns which namespace. Tables `organizations`,
 * `users`, `memberships`, `role_templates`, `namespace_claims`. Needs the global configuration and database
 * modules; makes the default organization when the application starts.
 */
@Module({
  controllers: [
    OrganizationsApiController,
    MembersApiController,
    RoleTemplatesApiController,
    NamespacesApiController,
    UsersApiController,
  ],
  providers: [
    OrganizationsRepository,
    NamespaceClaimsRepository,
    UserAuthorityRepository,
    Organizations,
    OrgAccess,
    Namespaces,
    MirroredClaims,
    NamespaceAdministration,
    NamespaceHolders,
    NamespaceOwners,
    PulledClaims,
    MemberRights,
    Members,
    OrganizationCreation,
    OrganizationLifecycle,
    RecordedChanges,
    RoleTemplates,
    RoleTemplatesRepository,
    UserAuthority,
    UsersRepository,
    HeldMembershipsRepository,
    MembershipsRepository,
    OrgInvariants,
    UsersAccess,
    UsersRecord,
    UsersDirectory,
    UsersAdministration,
    Users,
  ],
  exports: [
    Organizations,
    OrgAccess,
    Namespaces,
    MirroredClaims,
    PulledClaims,
    UserAuthority,
    Users,
    UsersDirectory,
    UsersAccess,
    UsersAdministration,
    UsersRecord,
    Members,
    RoleTemplates,
    NamespaceHolders,
    OrganizationLifecycle,
  ],
})
export class OrgsModule {
  static readonly entities: Function[] = [
    OrganizationEntity,
    UserEntity,
    MembershipEntity,
    RoleTemplateEntity,
    NamespaceClaimEntity,
  ];
}
