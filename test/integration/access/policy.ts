/**
 * Who may call which route: the one table that the access matrix checks the running application against and from
 * which docs/reference/permissions.md is written. It restates the REST contract and knows nothing of the code.
 *
 * - `open`: anybody, always
 * - `public S`: anybody who may read the namespace in the path; where it is private, scope S in its organization
 * - `authenticated`: any valid credential · `person`: one that belongs to a user · `session`: a browser session
 * - `anywhere S`: scope S in at least one organization; only rows of such organizations are shown
 * - `platform S`: scope S in the default organization
 * - `organization S`: scope S in the organization that the path names; one that the caller may not see is absent
 * - `object S`: scope S in the organization that owns the addressed object; one that is not visible is absent
 * - `publish S`: scope S in the organization that owns the namespace; one text for every namespace of others
 * - `owner`: an owner of the organization in the path, or a platform administrator
 * - `give S`: whoever holds what is given, in the organization that the request names
 * - `own`: only what belongs to the caller; everything else is absent
 * - `setup`: the one-time token of the setup · `signed`: a signed URL · `link`: a signed URL, and nothing instead of it
 */
export type Rule =
  | 'open'
  | 'authenticated'
  | 'person'
  | 'session'
  | 'own'
  | 'owner'
  | 'setup'
  | 'signed'
  | 'link'
  | `${'public' | 'anywhere' | 'platform' | 'organization' | 'object' | 'publish' | 'give'} ${string}`;

/** The kinds of object that a path addresses; each exists in the own organization, in another one, and not at all. */
export type ObjectKind =
  | 'module'
  | 'file'
  | 'module version'
  | 'provider'
  | 'mirrored provider'
  | 'provider version'
  | 'namespace'
  | 'signing key'
  | 'organization'
  | 'member'
  | 'trusted publisher'
  | 'user'
  | 'api key'
  | 'session'
  | 'audit entry'
  | 'role template'
  | 'mirror'
  | 'mirror run'
  | 'mirror key'
  | 'mirror version'
  | 'mirror approval'
  | 'mirror policy'
  | 'storage configuration'
  | 'storage migration';

/** One route: the rule, what its path addresses, and exceptions in words for the reader. */
export interface PolicyRow {
  readonly rule: Rule;
  readonly object?: ObjectKind;
  /** What somebody needs in the owning organization to see the object; without it the object looks absent. */
  readonly seenWith?: string;
  /** A second scope that is needed in the owning organization. */
  readonly alsoNeeds?: string;
  readonly note?: string;
  /** A status that is no refusal of the caller, e.g. for a wrong password in a form. */
  readonly also?: number;
}

const open = { rule: 'open' } as const;
const authenticated = { rule: 'authenticated' } as const;
const admin = { rule: 'platform admin' } as const;
const ofModule = (rule: Rule) => ({ rule, object: 'module', seenWith: 'modules:read' }) as const;
const ofProvider = (rule: Rule) => ({ rule, object: 'provider', seenWith: 'providers:read' }) as const;
const ofMirror = (rule: Rule) => ({ rule, object: 'mirror', seenWith: 'mirrors:read' }) as const;
const ofMirrorRun = (rule: Rule) => ({ rule, object: 'mirror run', seenWith: 'mirrors:read' }) as const;
const ofMirrorKey = (rule: Rule) => ({ rule, object: 'mirror key', seenWith: 'mirrors:read' }) as const;
const ofApproval = (rule: Rule) => ({ rule, object: 'mirror approval', seenWith: 'mirrors:read' }) as const;
const ofMirrorPolicy = (rule: Rule) => ({ rule, object: 'mirror policy', seenWith: 'mirrors:read' }) as const;
const ofMirrored = (rule: Rule) =>
  ({ rule, object: 'mirrored provider', seenWith: 'providers:read' }) as const;
const ofOrganization = (scope: string) =>
  ({ rule: `organization ${scope}`, object: 'organization' }) as const;

/** All routes, section by section of the REST contract. */
export const POLICY: Readonly<Record<string, Readonly<Record<string, PolicyRow>>>> = {
  System: {
    'GET /health': open,
    'GET /healthz': open,
    'GET /livez': open,
    'GET /ready': open,
    'GET /readyz': open,
    'GET /version': open,
    'GET /.well-known/terraform.json': open,
    'GET /swagger.json': open,
    'GET /openapi.json': open,
    'GET /api-docs': open,
    'GET /api-docs/index.html': open,
    'GET /api-docs/assets/:file': open,
  },
  'Terraform protocols': {
    'GET /v1/modules': { rule: 'public modules:read' },
    'GET /v1/modules/search': { rule: 'public modules:read' },
    'GET /v1/modules/:namespace': { rule: 'public modules:read', object: 'namespace' },
    'GET /v1/modules/:namespace/:name': ofModule('public modules:read'),
    'GET /v1/modules/:namespace/:name/:system': ofModule('public modules:read'),
    'GET /v1/modules/:namespace/:name/:system/:version': ofModule('public modules:read'),
    'GET /v1/modules/:namespace/:name/:system/download': ofModule('public modules:read'),
    'GET /v1/modules/:namespace/:name/:system/versions': ofModule('public modules:read'),
    'GET /v1/modules/:namespace/:name/:system/:version/download': ofModule('public modules:read'),
    'GET /v1/providers': { rule: 'public providers:read' },
    'GET /v1/providers/search': { rule: 'public providers:read' },
    'GET /v1/providers/:namespace': { rule: 'public providers:read', object: 'namespace' },
    'GET /v1/providers/:namespace/:type': ofProvider('public providers:read'),
    'GET /v1/providers/:namespace/:type/:version': ofProvider('public providers:read'),
    'GET /v1/providers/:namespace/:type/versions': ofProvider('public providers:read'),
    'GET /v1/providers/:namespace/:type/:version/download/:os/:arch': ofProvider('public providers:read'),
    'GET /terraform/providers/:hostname/:namespace/:type/index.json': ofMirrored('public providers:read'),
    'GET /terraform/providers/:hostname/:namespace/:type/:version.json': ofMirrored('public providers:read'),
    'GET /terraform/providers/:hostname/:namespace/:type/:version/pull/:platform': {
      ...ofMirrored('link'),
      note: 'the document of the version gives it to those who may read that',
    },
    'GET /v1/modules/:namespace/:name/:system/:version/pull/:filename': {
      ...ofModule('link'),
      note: 'the download of the version gives it to those who may read the namespace',
    },
    'GET /api/v1/oauth/authorize': { rule: 'open', note: 'without a session it leads to the sign-in page' },
    'POST /api/v1/oauth/authorize': {
      ...authenticated,
      note: 'the answer to the question of the consent page',
    },
    'POST /api/v1/oauth/token': { rule: 'open', note: 'protected by code and PKCE' },
  },
  'File serving': {
    'GET /v1/files/*': {
      rule: 'signed',
      object: 'file',
      note: 'or a credential that may read what the file belongs to',
    },
  },
  'Sign-in and session': {
    'GET /api/v1/auth/login': open,
    'GET /api/v1/auth/callback': open,
    'GET /api/v1/auth/logout': open,
    'POST /api/v1/auth/logout': open,
    'POST /api/v1/auth/refresh': {
      rule: 'session',
      note: 'or an access token; an API key cannot be exchanged',
    },
    'POST /api/v1/auth/backchannel-logout': { rule: 'open', note: 'protected by the signed logout token' },
    'GET /api/v1/auth/me': { rule: 'person' },
    'GET /api/v1/auth/providers': open,
    'GET /api/v1/auth/sessions': { ...authenticated, note: 'own sessions' },
    'DELETE /api/v1/auth/sessions': { ...authenticated, note: 'own sessions' },
    'DELETE /api/v1/auth/sessions/:id': { rule: 'own', object: 'session' },
    'POST /api/v1/auth/local/login': open,
    'POST /api/v1/auth/local/password': { rule: 'session' },
    'POST /api/v1/auth/token-exchange': {
      rule: 'open',
      note: 'protected by the identity token of the pipeline',
    },
  },
  Pages: {
    'GET /': open,
    'GET /search': { rule: 'public modules:read', note: 'providers with providers:read' },
    'GET /modules/:namespace/:name/:system': ofModule('public modules:read'),
    'GET /modules/:namespace/:name/:system/:version': ofModule('public modules:read'),
    'GET /providers/:namespace/:type': ofProvider('public providers:read'),
    'GET /providers/:namespace/:type/:version': ofProvider('public providers:read'),
    'GET /providers/:namespace/:type/:version/docs/:kind/:page': ofProvider('public providers:read'),
    'GET /sign-in': open,
    'POST /sign-in': { ...open, also: 401 },
    'GET /auth/callback': open,
    'GET /assets/:file': open,
    'GET /api/v1/oauth/assets/:file': open,
    'GET /change-password': { rule: 'session' },
    'POST /change-password': { rule: 'session' },
    'GET /account': { rule: 'session' },
    'POST /account/keys/:id/revoke': { rule: 'session', note: 'own keys', also: 404 },
    'POST /account/sessions/:id/end': { rule: 'session', note: 'own sessions', also: 404 },
    'POST /account/sign-out-everywhere': { rule: 'session' },
  },
  Setup: {
    'GET /api/v1/setup/status': open,
    'POST /api/v1/setup/validate-token': { rule: 'setup' },
    'POST /api/v1/setup/oidc/test': { rule: 'setup' },
    'POST /api/v1/setup/oidc': { rule: 'setup' },
    'POST /api/v1/setup/storage/test': { rule: 'setup' },
    'POST /api/v1/setup/storage': { rule: 'setup' },
    'POST /api/v1/setup/admin': { rule: 'setup' },
    'POST /api/v1/setup/complete': { rule: 'setup' },
  },
  Users: {
    'GET /api/v1/users': { rule: 'anywhere users:read' },
    'GET /api/v1/users/search': { rule: 'anywhere users:read' },
    'GET /api/v1/users/me/memberships': authenticated,
    'GET /api/v1/users/:id': { rule: 'object users:read', object: 'user' },
    'GET /api/v1/users/:id/memberships': { rule: 'object users:read', object: 'user' },
    'POST /api/v1/users': { rule: 'anywhere users:write' },
    'PUT /api/v1/users/:id': {
      rule: 'object users:write',
      object: 'user',
      seenWith: 'users:read',
      note: 'in every organization of the user, and covering their scopes; everybody may change their own name',
    },
    'DELETE /api/v1/users/:id': {
      rule: 'object users:write',
      object: 'user',
      seenWith: 'users:read',
      note: 'in every organization of the user, and covering their scopes',
    },
    'POST /api/v1/users/:id/password-reset': {
      rule: 'object users:write',
      object: 'user',
      seenWith: 'users:read',
      note: 'in every organization of the user, and covering their scopes',
    },
  },
  Organizations: {
    'GET /api/v1/organizations': { rule: 'anywhere organizations:read' },
    'GET /api/v1/organizations/search': { rule: 'anywhere organizations:read' },
    'GET /api/v1/organizations/:id': ofOrganization('organizations:read'),
    'POST /api/v1/organizations': {
      rule: 'platform organizations:write',
      note: 'or anybody who signed in, with public sign-up',
    },
    'PUT /api/v1/organizations/:id': ofOrganization('organizations:write'),
    'DELETE /api/v1/organizations/:id': { rule: 'owner', object: 'organization' },
    'GET /api/v1/organizations/:id/members': ofOrganization('organizations:read'),
    'POST /api/v1/organizations/:id/members': ofOrganization('organizations:write'),
    'PUT /api/v1/organizations/:id/members/:user_id': {
      rule: 'organization organizations:write',
      object: 'member',
    },
    'DELETE /api/v1/organizations/:id/members/:user_id': {
      rule: 'organization organizations:write',
      object: 'member',
      note: 'or the member leaving',
    },
    'GET /api/v1/organizations/:id/trusted-publishers': ofOrganization('admin'),
    'POST /api/v1/organizations/:id/trusted-publishers': ofOrganization('admin'),
    'DELETE /api/v1/organizations/:id/trusted-publishers/:publisher_id': {
      rule: 'organization admin',
      object: 'trusted publisher',
    },
  },
  Namespaces: {
    'GET /api/v1/namespaces': { rule: 'anywhere organizations:read' },
    'POST /api/v1/namespaces': {
      rule: 'anywhere organizations:write',
      note: 'in the organization that is to own it',
    },
    'PUT /api/v1/namespaces/:namespace': { ...admin, object: 'namespace' },
    'DELETE /api/v1/namespaces/:namespace': { ...admin, object: 'namespace' },
    'GET /api/v1/namespaces/:namespace/signing-keys': {
      rule: 'public providers:read',
      object: 'namespace',
    },
    'POST /api/v1/namespaces/:namespace/signing-keys': {
      rule: 'object admin',
      object: 'namespace',
      seenWith: 'providers:read',
    },
    'POST /api/v1/namespaces/:namespace/signing-keys/:id/revoke': {
      rule: 'object admin',
      object: 'signing key',
      seenWith: 'providers:read',
    },
    'GET /api/v1/signing-key': open,
  },
  'API keys': {
    'GET /api/v1/apikeys': {
      ...authenticated,
      note: 'own keys, and those of organizations with api_keys:manage',
    },
    'POST /api/v1/apikeys': { rule: 'give modules:read', note: 'here: a key with `modules:read`' },
    'GET /api/v1/apikeys/:id': {
      rule: 'object api_keys:manage',
      object: 'api key',
      note: 'or the owner of the key',
    },
    'PUT /api/v1/apikeys/:id': {
      rule: 'object api_keys:manage',
      object: 'api key',
      note: 'or the owner of the key',
    },
    'DELETE /api/v1/apikeys/:id': {
      rule: 'object api_keys:manage',
      object: 'api key',
      note: 'or the owner of the key',
    },
    'POST /api/v1/apikeys/:id/rotate': {
      rule: 'object api_keys:manage',
      object: 'api key',
      alsoNeeds: 'modules:read',
      note: 'or the owner of the key; and the scopes of the key, here `modules:read`',
    },
  },
  Catalogue: {
    'GET /api/v1/search': { rule: 'public modules:read|providers:read' },
  },
  Modules: {
    'GET /api/v1/modules/search': { rule: 'public modules:read' },
    'GET /api/v1/modules/:namespace/:name/:system': ofModule('public modules:read'),
    'GET /api/v1/modules/:namespace/:name/:system/versions/:version/docs': ofModule('public modules:read'),
    'GET /api/v1/modules/:namespace/:name/:system/versions/:version/files': ofModule('public modules:read'),
    'GET /api/v1/modules/:namespace/:name/:system/compare': ofModule('public modules:read'),
    'GET /api/v1/admin/modules/reanalyze': { rule: 'anywhere modules:write' },
    'POST /api/v1/admin/modules/reanalyze': {
      rule: 'publish modules:write',
      object: 'namespace',
      note: 'here: with a namespace; without one only for platform administrators',
    },
    'POST /api/v1/modules': { rule: 'publish modules:write', object: 'namespace' },
    'POST /api/v1/admin/modules/create': { rule: 'publish modules:write', object: 'namespace' },
    'DELETE /api/v1/modules/:namespace/:name/:system': ofModule('object modules:write'),
    'DELETE /api/v1/modules/:namespace/:name/:system/versions/:version': ofModule('object modules:write'),
    'POST /api/v1/modules/:namespace/:name/:system/versions/:version/deprecate':
      ofModule('object modules:write'),
    'DELETE /api/v1/modules/:namespace/:name/:system/versions/:version/deprecate':
      ofModule('object modules:write'),
    'POST /api/v1/modules/:namespace/:name/:system/versions/:version/withdraw':
      ofModule('object modules:write'),
    'POST /api/v1/modules/:namespace/:name/:system/versions/:version/quarantine': ofModule('object admin'),
    'POST /api/v1/modules/:namespace/:name/:system/versions/:version/restore': {
      ...ofModule('object modules:write'),
      note: 'ending a quarantine takes `admin` in the organization',
    },
    'GET /api/v1/modules/:namespace/:name/:system/versions/:version/downloads': ofModule('object audit:read'),
  },
  Providers: {
    'GET /api/v1/providers/search': { rule: 'public providers:read' },
    'GET /api/v1/providers/:namespace/:type': ofProvider('public providers:read'),
    'POST /api/v1/providers': { rule: 'publish providers:write', object: 'namespace' },
    'GET /api/v1/providers/:namespace/:type/versions/:version/docs': ofProvider('public providers:read'),
    'GET /api/v1/providers/:namespace/:type/versions/:version/docs/:kind/:page':
      ofProvider('public providers:read'),
    'POST /api/v1/admin/providers/reanalyze': { rule: 'publish providers:write', object: 'namespace' },
    'DELETE /api/v1/providers/:namespace/:type': ofProvider('object providers:write'),
    'DELETE /api/v1/providers/:namespace/:type/versions/:version': ofProvider('object providers:write'),
    'POST /api/v1/providers/:namespace/:type/versions/:version/deprecate':
      ofProvider('object providers:write'),
    'DELETE /api/v1/providers/:namespace/:type/versions/:version/deprecate':
      ofProvider('object providers:write'),
    'POST /api/v1/providers/:namespace/:type/versions/:version/withdraw':
      ofProvider('object providers:write'),
    'POST /api/v1/providers/:namespace/:type/versions/:version/quarantine': ofProvider('object admin'),
    'POST /api/v1/providers/:namespace/:type/versions/:version/restore': {
      ...ofProvider('object providers:write'),
      note: 'ending a quarantine takes `admin` in the organization',
    },
    'GET /api/v1/providers/:namespace/:type/versions/:version/downloads': ofProvider('object audit:read'),
  },
  Usage: {
    'GET /api/v1/modules/:namespace/:name/:system/usage': ofModule('object modules:read'),
    'GET /api/v1/providers/:namespace/:type/usage': ofProvider('object providers:read'),
    'GET /api/v1/usage/top': { ...authenticated, note: 'only what the caller may read or see' },
    'GET /v2/modules/:namespace/:name/:system/downloads/summary': ofModule('public modules:read'),
    'GET /v2/providers/:namespace/:type/downloads/summary': ofProvider('public providers:read'),
    'GET /api/v1/admin/stats/dashboard': {
      ...authenticated,
      note: 'numbers of the organizations in which the caller holds the read scope',
    },
  },
  'Provider mirrors': {
    'GET /api/v1/admin/mirrors': { rule: 'anywhere mirrors:read' },
    'POST /api/v1/admin/mirrors': {
      rule: 'anywhere mirrors:manage',
      note: 'in the organization that is to own it; in the default one for a mirror that serves everybody',
    },
    'GET /api/v1/admin/mirrors/:id': ofMirror('object mirrors:read'),
    'PUT /api/v1/admin/mirrors/:id': ofMirror('object mirrors:manage'),
    'DELETE /api/v1/admin/mirrors/:id': ofMirror('object mirrors:manage'),
    'GET /api/v1/admin/mirrors/:id/status': ofMirror('object mirrors:read'),
    'GET /api/v1/admin/mirrors/:id/providers': ofMirror('object mirrors:read'),
    'POST /api/v1/admin/mirrors/:id/plan': ofMirror('object mirrors:read'),
    'POST /api/v1/admin/mirrors/:id/sync': ofMirror('object mirrors:manage'),
    'GET /api/v1/admin/mirrors/:id/syncs': ofMirror('object mirrors:read'),
    'GET /api/v1/admin/mirrors/:id/syncs/:sync_id': ofMirrorRun('object mirrors:read'),
    'POST /api/v1/admin/mirrors/:id/syncs/:sync_id/cancel': ofMirrorRun('object mirrors:manage'),
    'GET /api/v1/admin/mirrors/:id/space': ofMirror('object mirrors:read'),
    'PUT /api/v1/admin/mirrors/:id/versions/pin': {
      rule: 'object mirrors:manage',
      object: 'mirror version',
      seenWith: 'mirrors:read',
    },
    'PUT /api/v1/admin/mirrors/:id/versions/unpin': {
      rule: 'object mirrors:manage',
      object: 'mirror version',
      seenWith: 'mirrors:read',
    },
    'GET /api/v1/admin/mirror-bundles/inventory': admin,
    'POST /api/v1/admin/mirror-bundles/export': admin,
    'POST /api/v1/admin/mirror-bundles/import': admin,
    'GET /api/v1/admin/mirrors/:id/keys': ofMirror('object mirrors:read'),
    'POST /api/v1/admin/mirrors/:id/keys': ofMirror('object admin'),
    'GET /api/v1/admin/mirrors/:id/keys/:key_id/versions': ofMirrorKey('object mirrors:read'),
    'POST /api/v1/admin/mirrors/:id/keys/:key_id/approve': ofMirrorKey('object admin'),
    'POST /api/v1/admin/mirrors/:id/keys/:key_id/revoke': ofMirrorKey('object admin'),
    'POST /api/v1/admin/mirrors/:id/keys/:key_id/restore-versions': ofMirrorKey('object admin'),
  },
  'Mirror approvals': {
    'POST /api/v1/admin/mirrors/:id/versions/release': {
      rule: 'object admin',
      object: 'mirror version',
      seenWith: 'mirrors:read',
    },
    'GET /api/v1/admin/approvals': { rule: 'anywhere mirrors:read' },
    'POST /api/v1/admin/approvals': {
      ...ofMirror('object mirrors:manage'),
      note: 'of the mirror that the request names',
    },
    'GET /api/v1/admin/approvals/:id': ofApproval('object mirrors:read'),
    'PUT /api/v1/admin/approvals/:id/review': ofApproval('object admin'),
  },
  'Mirror policies': {
    'GET /api/v1/admin/policies': { rule: 'anywhere mirrors:read', note: 'global ones included' },
    'POST /api/v1/admin/policies': {
      ...admin,
      note: 'for a global policy; for one of an organization admin in that organization',
    },
    'POST /api/v1/admin/policies/evaluate': { rule: 'anywhere mirrors:read' },
    'GET /api/v1/admin/policies/:id': ofMirrorPolicy('object mirrors:read'),
    'PUT /api/v1/admin/policies/:id': ofMirrorPolicy('object admin'),
    'DELETE /api/v1/admin/policies/:id': ofMirrorPolicy('object admin'),
  },
  'Role templates': {
    'GET /api/v1/admin/role-templates': authenticated,
    'GET /api/v1/admin/role-templates/:id': { ...authenticated, object: 'role template' },
    'POST /api/v1/admin/role-templates': admin,
    'PUT /api/v1/admin/role-templates/:id': { ...admin, object: 'role template' },
    'DELETE /api/v1/admin/role-templates/:id': { ...admin, object: 'role template' },
  },
  'Storage configuration': {
    'GET /api/v1/storage/config': { ...admin, also: 404 },
    'GET /api/v1/storage/configs': admin,
    'POST /api/v1/storage/configs': admin,
    'POST /api/v1/storage/configs/test': admin,
    'GET /api/v1/storage/configs/:id': { ...admin, object: 'storage configuration' },
    'PUT /api/v1/storage/configs/:id': { ...admin, object: 'storage configuration' },
    'DELETE /api/v1/storage/configs/:id': { ...admin, object: 'storage configuration' },
    'POST /api/v1/storage/configs/:id/activate': { ...admin, object: 'storage configuration' },
  },
  'Storage migrations': {
    'POST /api/v1/storage/migrations': admin,
    'GET /api/v1/storage/migrations': admin,
    'GET /api/v1/storage/migrations/:id': { ...admin, object: 'storage migration' },
    'POST /api/v1/storage/migrations/:id/pause': { ...admin, object: 'storage migration' },
    'POST /api/v1/storage/migrations/:id/resume': { ...admin, object: 'storage migration' },
    'POST /api/v1/storage/migrations/:id/cancel': { ...admin, object: 'storage migration' },
    'POST /api/v1/storage/migrations/:id/verify': { ...admin, object: 'storage migration' },
  },
  'Storage scrub': {
    'GET /api/v1/storage/scrub': admin,
    'POST /api/v1/storage/scrub/run': admin,
    'POST /api/v1/storage/scrub/artifacts/:id/repair': { ...admin, also: 404 },
  },
  OIDC: {
    'GET /api/v1/admin/oidc/config': { ...admin, also: 404 },
    'PUT /api/v1/admin/oidc/group-mapping': { ...admin, also: 404 },
  },
  Audit: {
    'GET /api/v1/admin/audit-logs': { rule: 'anywhere audit:read' },
    'GET /api/v1/admin/audit-logs/export': { rule: 'anywhere audit:read' },
    'GET /api/v1/admin/audit-logs/:id': { rule: 'object audit:read', object: 'audit entry' },
  },
};
