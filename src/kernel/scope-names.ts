/** The fifteen scopes of REST contract 3.1, in the order of the contract. */
export const SCOPE_NAMES = [
  'modules:read',
  'modules:write',
  'providers:read',
  'providers:write',
  'mirrors:read',
  'mirrors:manage',
  'users:read',
  'users:write',
  'organizations:read',
  'organizations:write',
  'scm:read',
  'scm:manage',
  'api_keys:manage',
  'audit:read',
  'admin',
] as const;
