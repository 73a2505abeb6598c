import { formOf } from '../../../support/login-client.js';
import type { RecordedRequest } from './recording-client.js';

/** A request that carries a secret where it does not belong. */
export interface Misplaced extends RecordedRequest {
  readonly path: string;
}

const ABSENT = '00000000-0000-4000-8000-000000000000';
const LONG_HEADER = 9_000;
const TOO_LONG_HEADER = 40_000;
const LONG_BODY = 200_000;

/**
 * A secret in every wrong place. `key` is a credential with every right, so that bodies are looked at. Left out are
 * only fields that are made to be shown again: names, descriptions, `X-Request-Id`, `User-Agent`, `return_to`.
 */
export function misplaced(secret: string, key: string): Misplaced[] {
  const query = encodeURIComponent(secret);
  const long = (length: number) => secret.repeat(Math.ceil(length / secret.length));
  return [
    ...inQuery(query),
    ...inPath(query),
    ...inHeaders(secret, long(LONG_HEADER)),
    { path: '/api/v1/auth/me', headers: { authorization: `Bearer ${long(TOO_LONG_HEADER)}` } },
    ...inBodies(secret, key),
    ...inBodies(long(LONG_BODY).slice(0, LONG_BODY), key).slice(0, 3),
    ...inForms(secret),
  ];
}

function inQuery(query: string): Misplaced[] {
  return [
    { path: `/api/v1/auth/me?token=${query}` },
    { path: `/api/v1/apikeys?api_key=${query}` },
    { path: `/health?access_token=${query}` },
    { path: `/v1/modules/acme/vpc/aws/versions?q=${query}` },
    { path: `/v1/files/blobs/x?expires=1&signature=${query}` },
    { path: `/api/v1/auth/callback?code=${query}&state=${query}` },
    { path: `/api/v1/auth/login?provider=${query}` },
    { path: `/api/v1/oauth/authorize?client_id=${query}&code_challenge=${query}` },
    { path: `/api/v1/admin/audit-logs?user_id=${query}` },
    { path: `/nowhere?secret=${query}` },
  ];
}

function inPath(query: string): Misplaced[] {
  return [
    { path: `/api/v1/apikeys/${query}` },
    { path: `/v1/modules/${query}/vpc/aws/versions` },
    { path: `/v1/files/${query}` },
    { path: `/api/v1/users/${query}`, method: 'DELETE' },
    { path: `/${query}` },
    { path: `/api/v1/${query}`, method: 'POST', json: {} },
    { path: `/assets/${query}` },
    { path: `/${query}%zz` },
  ];
}

function inHeaders(secret: string, long: string): Misplaced[] {
  const path = '/api/v1/auth/me';
  const basic = Buffer.from(`x:${secret}`).toString('base64');
  const both = { authorization: `Bearer ${secret}` };
  return [
    { path, headers: { authorization: `Token ${secret}` } },
    { path, headers: { authorization: secret } },
    { path, headers: { authorization: `Basic ${basic}` } },
    { path, headers: { authorization: `Bearer  ${secret} ${secret}` } },
    { path, headers: { authorization: `Bearer ${long}` } },
    { path, headers: { authorization: `SetupToken ${secret}` } },
    { path, headers: { cookie: `tfr_session=${secret}; tfr_csrf=${secret}; tfr_login=${secret}` } },
    { path, headers: { cookie: `token=${secret}; Authorization=${secret}` } },
    { path: '/v1/files/blobs/x', headers: { authorization: `Basic ${basic}` } },
    { path: '/v1/modules/acme/vpc/aws/versions', headers: both },
    { path: '/v1/modules/acme/vpc/aws/versions', lean: true, headers: both },
    { path: '/api/v1/setup/validate-token', method: 'POST', json: {}, headers: { 'x-setup-token': secret } },
    { path: '/api/v1/auth/logout', method: 'POST', headers: { ...both, 'x-csrf-token': secret } },
    { path, headers: { 'x-api-key': secret, 'x-forwarded-for': secret, origin: `http://${secret}` } },
    { path, headers: { host: 'registry.test', referer: `http://registry.test/?token=${secret}` } },
  ];
}

function inBodies(secret: string, key: string): Misplaced[] {
  const post = (path: string, json: unknown): Misplaced => ({ path, method: 'POST', json, key });
  const raw = (path: string, body: string, type: string): Misplaced => ({
    path,
    method: 'POST',
    body,
    key,
    headers: { 'content-type': type },
  });
  return [
    raw('/api/v1/auth/local/login', `{"password": ${secret}`, 'application/json'),
    post('/api/v1/auth/local/login', { email: 'nobody@example.com', password: [secret] }),
    post('/api/v1/apikeys', { name: 'ci', scopes: [secret] }),
    post('/api/v1/apikeys', { name: 'ci', scopes: ['modules:read'], organization_id: secret }),
    post('/api/v1/apikeys', { name: 'ci', scopes: ['modules:read'], expires_at: secret }),
    post('/api/v1/users', { email: secret, name: 'x' }),
    post('/api/v1/users', { email: `${ABSENT}`, name: [secret], [secret]: secret }),
    post(`/api/v1/organizations/${ABSENT}/members`, { user_id: secret }),
    post('/api/v1/namespaces', { name: 'UPPER', organization_id: secret }),
    post('/api/v1/namespaces/acme/signing-keys', { ascii_armor: secret }),
    post('/api/v1/admin/role-templates', { name: 'x y', display_name: 'X', scopes: [secret] }),
    { ...post('/api/v1/admin/oidc/group-mapping', { default_role: secret }), method: 'PUT' },
    raw('/api/v1/apikeys', secret, 'text/plain'),
    raw('/api/v1/modules', secret, `multipart/form-data; boundary=${secret.slice(0, 60)}`),
    raw('/api/v1/modules', multipart('namespace', secret), 'multipart/form-data; boundary=b'),
    raw('/api/v1/providers', multipart('gpg_public_key', secret), 'multipart/form-data; boundary=b'),
  ];
}

function inForms(secret: string): Misplaced[] {
  const form = (path: string, fields: Record<string, string>): Misplaced => ({ path, ...formOf(fields) });
  const exchange = 'urn:ietf:params:oauth:grant-type:token-exchange';
  return [
    form('/api/v1/auth/token-exchange', { grant_type: exchange, subject_token: secret }),
    form('/api/v1/auth/token-exchange', { grant_type: secret, subject_token_type: secret, scope: secret }),
    form('/api/v1/oauth/token', {
      grant_type: secret,
      client_id: secret,
      code: secret,
      redirect_uri: secret,
    }),
    form('/api/v1/oauth/token', {
      grant_type: 'authorization_code',
      client_id: 'terraform-cli',
      code: secret,
      code_verifier: secret,
      redirect_uri: 'http://localhost:10003/login',
    }),
    form('/sign-in', { email: secret, password: secret }),
    form('/sign-in', { email: 'nobody@example.com', password: secret, csrf_token: secret }),
    form('/api/v1/auth/logout', { post_logout_redirect_uri: secret }),
  ];
}

function multipart(name: string, value: string): string {
  return `--b\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n--b--\r\n`;
}
