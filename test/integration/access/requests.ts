import type { InjectOptions } from 'fastify';
import { archiveOf } from '../../support/factories/module.factory.js';
import type { Identity, Place } from './expectation.js';
import type { Organizations } from './identities.js';
import type { Address } from './objects.js';

/** What a request needs besides the address in its path. */
export interface RequestFacts {
  readonly address: Address;
  readonly place: Place;
  readonly organizations: Organizations;
  /** Somebody who is a member of nothing yet. */
  readonly spareUserId: string;
  /** Different in every request. */
  readonly unique: string;
}

const ABSENT_ID = '00000000-0000-4000-8000-000000000000';
const BOUNDARY = 'access-matrix';

/** Valid bodies: a request that may pass must not fail before the last check of rights. */
const BODIES: Readonly<Record<string, (facts: RequestFacts) => object>> = {
  'POST /api/v1/auth/local/password': () => ({
    current_password: 'not the password',
    new_password: 'another password',
  }),
  'POST /api/v1/users': ({ unique }) => ({ email: `${unique}@example.com`, name: 'New' }),
  'PUT /api/v1/users/:id': () => ({ name: 'Changed' }),
  'POST /api/v1/organizations': ({ unique }) => ({ name: unique, display_name: 'New' }),
  'PUT /api/v1/organizations/:id': () => ({ display_name: 'Changed' }),
  'POST /api/v1/organizations/:id/members': ({ spareUserId }) => ({ user_id: spareUserId }),
  'PUT /api/v1/organizations/:id/members/:user_id': () => ({}),
  'POST /api/v1/organizations/:id/trusted-publishers': () => ({}),
  'POST /api/v1/namespaces': ({ unique, organizations }) => ({
    name: unique,
    organization_id: organizations.own,
  }),
  'PUT /api/v1/namespaces/:namespace': ({ organizations }) => ({ organization_id: organizations.own }),
  'POST /api/v1/namespaces/:namespace/signing-keys': () => ({ ascii_armor: 'none' }),
  'POST /api/v1/namespaces/:namespace/signing-keys/:id/revoke': () => ({
    reason: 'gone',
    compromised: false,
  }),
  'POST /api/v1/modules/:namespace/:name/:system/versions/:version/withdraw': () => ({ reason: 'old' }),
  'POST /api/v1/modules/:namespace/:name/:system/versions/:version/quarantine': () => ({ reason: 'odd' }),
  'POST /api/v1/providers/:namespace/:type/versions/:version/withdraw': () => ({ reason: 'old' }),
  'POST /api/v1/providers/:namespace/:type/versions/:version/quarantine': () => ({ reason: 'odd' }),
  'POST /api/v1/apikeys': ({ organizations }) => ({
    name: 'new',
    organization_id: organizations.own,
    scopes: ['modules:read'],
  }),
  'PUT /api/v1/apikeys/:id': () => ({ description: 'changed' }),
  'POST /api/v1/apikeys/:id/rotate': () => ({}),
  'POST /api/v1/admin/modules/create': (facts) => ({
    namespace: namespaceFor(facts),
    name: 'created',
    system: 'aws',
  }),
  'POST /api/v1/admin/modules/reanalyze': (facts) => ({ namespace: namespaceFor(facts) }),
  'POST /api/v1/admin/providers/reanalyze': (facts) => ({ namespace: namespaceFor(facts) }),
  'POST /api/v1/admin/role-templates': ({ unique }) => ({
    name: unique.toLowerCase().slice(0, 60),
    display_name: 'New',
    scopes: ['modules:read'],
  }),
  'PUT /api/v1/admin/role-templates/:id': () => ({ display_name: 'Changed' }),
  'POST /api/v1/admin/mirrors': ({ unique }) => ({
    name: unique,
    upstream_registry_url: 'https://upstream.invalid',
    enabled: false,
  }),
  'PUT /api/v1/admin/mirrors/:id': () => ({ description: 'changed' }),
  'POST /api/v1/admin/mirrors/:id/keys': () => ({ namespace: 'acme', ascii_armor: 'none' }),
  'POST /api/v1/admin/mirrors/:id/versions/release': () => ({
    namespace: 'acme',
    provider_name: 'widget',
    version: '1.0.0',
    reason: 'a fix',
  }),
  'POST /api/v1/admin/approvals': ({ address, unique }) => ({
    mirror_config_id: address['id'],
    provider_namespace: unique.slice(-36),
  }),
  'PUT /api/v1/admin/approvals/:id/review': () => ({ status: 'approved' }),
  'POST /api/v1/admin/policies': ({ unique }) => ({ name: unique, policy_type: 'deny', is_active: false }),
  'POST /api/v1/admin/policies/evaluate': () => ({
    registry: 'registry.example.com',
    namespace: 'acme',
    provider: 'widget',
  }),
  'PUT /api/v1/admin/policies/:id': () => ({ description: 'changed' }),
  'POST /api/v1/storage/configs': () => ({ backend_type: 'local' }),
  'POST /api/v1/storage/configs/test': () => ({ backend_type: 'local' }),
  'PUT /api/v1/storage/configs/:id': () => ({ backend_type: 'local' }),
  'POST /api/v1/storage/migrations': () => ({ source: 'local', target: 'local', dry_run: true }),
  'PUT /api/v1/admin/oidc/group-mapping': () => ({
    group_claim_name: '',
    group_mappings: [],
    default_role: '',
  }),
  'PUT /api/v1/admin/mirrors/:id/versions/pin': () => ({
    namespace: 'acme',
    provider_name: 'widget',
    version: '1.0.0',
  }),
  'PUT /api/v1/admin/mirrors/:id/versions/unpin': () => ({
    namespace: 'acme',
    provider_name: 'widget',
    version: '1.0.0',
  }),
  // A bundle has the time of its signature in it, so that no two are equal.
  'POST /api/v1/admin/mirror-bundles/export': () => ({ version_filter: 'newest' }),
};

const QUERIES: Readonly<Record<string, string>> = {
  'GET /api/v1/modules/:namespace/:name/:system/versions/:version/files': 'path=main.tf',
  'GET /api/v1/modules/:namespace/:name/:system/compare': 'from=1.0.0&to=1.0.0',
  'GET /v1/modules/search': 'q=own',
  'GET /v1/providers/search': 'q=own',
  'GET /api/v1/users/search': 'q=somebody',
  'GET /api/v1/organizations/search': 'q=own',
  'GET /api/v1/search': 'q=own',
};

const FORMS = new Set(['POST /api/v1/modules', 'POST /api/v1/providers']);

/** The request of one cell. */
export function requestOf(
  route: string,
  facts: RequestFacts,
  { headers: identityHeaders, query }: Pick<Identity, 'headers' | 'query'>,
): InjectOptions {
  const [method, path] = route.split(' ') as [InjectOptions['method'], string];
  const queries = [QUERIES[route], query].filter((one) => one !== undefined);
  const url = `${pathOf(path, facts.address)}${queries.length > 0 ? `?${queries.join('&')}` : ''}`;
  const headers: Record<string, string> = { host: 'registry.test', ...identityHeaders };
  if (FORMS.has(route)) {
    headers['content-type'] = `multipart/form-data; boundary=${BOUNDARY}`;
    return { method, url, headers, payload: formOf(route, facts) };
  }
  const body = BODIES[route];
  return body === undefined ? { method, url, headers } : { method, url, headers, payload: body(facts) };
}

function pathOf(path: string, address: Address): string {
  return path
    .replace('*', address['*'] ?? '')
    .replaceAll(/:(\w+)/g, (_, name: string) => encodeURIComponent(address[name] ?? ABSENT_ID));
}

/** Where nothing is claimed yet, every request asks for a name of its own. */
function namespaceFor({ address, place, unique }: RequestFacts): string {
  return place === 'absent' ? `free-${unique.slice(-12)}` : address['namespace']!;
}

function formOf(route: string, facts: RequestFacts): Buffer {
  const isModule = route.endsWith('modules');
  const fields = {
    namespace: namespaceFor(facts),
    version: '1.0.0',
    ...(isModule
      ? { name: `m-${facts.unique.slice(-12)}`, system: 'aws' }
      : { type: `p-${facts.unique.slice(-12)}`, os: 'linux', arch: 'amd64' }),
  };
  const texts = Object.entries(fields).map(
    ([name, value]) => `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  );
  // A provider that is not one is refused, but only after it was decided who may publish it.
  const file = isModule ? archiveOf(facts.unique) : Buffer.from('no provider');
  const head = `--${BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="f"\r\nContent-Type: application/octet-stream\r\n\r\n`;
  return Buffer.concat([Buffer.from(texts.join('') + head), file, Buffer.from(`\r\n--${BOUNDARY}--\r\n`)]);
}
