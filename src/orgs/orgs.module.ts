import { Module } from '@nestjs/common';
import { Namespaces } from './namespaces.service.js';
import { OrgAccess } from './org-access.service.js';
import { Organizations } from './organizations.service.js';
import { MembershipEntity } from './persistence/membership.entity.js';
import { NamespaceClaimEntity } from './persistence/namespace-claim.entity.js';
import { NamespaceClaimsRepository } from './persistence/namespace-claims.repository.js';
import { OrganizationEntity } from './persistence/organization.entity.js';
import { OrganizationsRepository } from './persistence/organizations.repository.js';
import { RoleTemplateEntity } from './persistence/role-template.entity.js';
import { UserAuthorityRepository } from './persistence/user-authority.repository.js';
import { UserEntity } from './persistence/user.entity.js';
import { UserAuthority } from './user-authority.service.js';

/**
 * Organizations, their people and roles, and who owns which namespace. No routes. Tables `organizations`,
 * `users`, `memberships`, `role_templates`, `namespace_claims`. Needs the global configuration and database
 * modules; makes the default organization when the application starts.
 */
@Module({
  providers: [
    OrganizationsRepository,
    NamespaceClaimsRepository,
    UserAuthorityRepository,
    Organizations,
    OrgAccess,
    Namespaces,
    UserAuthority,
  ],
  exports: [Organizations, OrgAccess, Namespaces, UserAuthority],
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
