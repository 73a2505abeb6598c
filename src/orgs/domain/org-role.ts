/** The organization roles of REST contract 3.3; `custom` is every other template. */
export type OrgRole = 'owner' | 'admin' | 'member' | 'viewer' | 'custom';

const ROLES: Readonly<Record<string, OrgRole>> = {
  owner: 'owner',
  admin: 'admin',
  member: 'member',
  publisher: 'member',
  devops: 'member',
  viewer: 'viewer',
  auditor: 'viewer',
};

/** The role that the name of a template stands for; `null` where a membership has no template. */
export function orgRoleOf(templateName: string | null): OrgRole | null {
  if (templateName === null) return null;
  return Object.hasOwn(ROLES, templateName) ? ROLES[templateName]! : 'custom';
}
