import type { Page } from '../../kernel/page.js';
import { presentPagination } from '../../platform/http/pagination.presenter.js';
import type { Organization } from '../domain/organization.js';
import type { OrganizationDto, OrganizationListDto } from './organizations-api.dto.js';

/** `Organization` of REST contract 4. */
export function presentOrganization(organization: Organization): OrganizationDto {
  return {
    id: organization.id,
    name: organization.name,
    display_name: organization.displayName,
    visibility: organization.visibility,
    created_at: organization.createdAt.toISOString(),
    updated_at: organization.updatedAt.toISOString(),
  };
}

/** A page of organizations. */
export function presentOrganizations(page: Page<Organization>): OrganizationListDto {
  return { organizations: page.items.map(presentOrganization), pagination: presentPagination(page) };
}
