import type { RoleTemplate } from '../domain/role-template.js';
import type { RoleTemplateDto } from './role-templates-api.dto.js';

/** `RoleTemplate` of REST contract 4. */
export function presentRoleTemplate(template: RoleTemplate): RoleTemplateDto {
  return {
    id: template.id,
    name: template.name,
    display_name: template.displayName,
    ...(template.description !== null && { description: template.description }),
    scopes: [...template.scopes],
    is_system: template.isSystem,
    created_at: template.createdAt.toISOString(),
    updated_at: template.updatedAt.toISOString(),
  };
}
