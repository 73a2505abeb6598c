const VIEWER = ['modules:read', 'providers:read', 'mirrors:read', 'organizations:read', 'scm:read'];
const PUBLISHER = [
  'modules:read',
  'modules:write',
  'providers:read',
  'providers:write',
  'organizations:read',
  'scm:read',
];

/** The system templates of the REST contract, restated. */
export const ROLES: Readonly<Record<string, readonly string[]>> = {
  owner: ['admin'],
  admin: ['admin'],
  member: [...PUBLISHER, 'mirrors:read'],
  viewer: VIEWER,
  publisher: PUBLISHER,
  devops: [...PUBLISHER, 'mirrors:read', 'mirrors:manage', 'scm:manage'],
  user_manager: [
    'users:read',
    'users:write',
    'organizations:read',
    'organizations:write',
    'api_keys:manage',
    'modules:read',
    'providers:read',
  ],
  auditor: [...VIEWER, 'audit:read'],
};

/** The fifteen scopes and what they are for. */
export const SCOPE_MEANINGS: Readonly<Record<string, string>> = {
  'modules:read': 'see modules and their versions',
  'modules:write': 'publish, deprecate and delete modules',
  'providers:read': 'see providers and their versions',
  'providers:write': 'publish, deprecate and delete providers',
  'mirrors:read': 'see mirrors, approvals and policies',
  'mirrors:manage': 'create, change, delete and start mirrors; ask for approvals',
  'users:read': 'see people and where they belong',
  'users:write': 'create, change and delete people',
  'organizations:read': 'see organizations and their members',
  'organizations:write': 'change organizations, members and namespaces',
  'scm:read': 'see source-control hosts, browse repositories',
  'scm:manage': 'connect source-control hosts',
  'api_keys:manage': 'see and revoke the keys of other people',
  'audit:read': 'read the audit log',
  admin: 'everything, within the organization; everything at all in the default one',
};
