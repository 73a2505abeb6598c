import { createHash } from 'node:crypto';
import type { GcsAccount } from './gcs-account.js';
import { GcsFailure } from './gcs-answers.js';
import type { GcsCall } from './gcs-call.js';

const ALGORITHM = 'GOOG4-RSA-SHA256';
const MAX_LIFE_SECONDS = 604_800;
const PARAMETERS = ['Algorithm', 'Credential', 'Date', 'Expires', 'SignedHeaders', 'Signature'] as const;
type Parameter = (typeof PARAMETERS)[number];

/**
 * Throws unless the URL of the call carries a signature of version 4 that the account made for exactly this request,
 * and lives. A signature for GET is good for HEAD.
 */
export function assertSignedUrl(call: GcsCall, account: GcsAccount): void {
  const said = parametersOf(call.query);
  const [email, ...scope] = said.Credential.split('/');
  const isKnown = said.Algorithm === ALGORITHM && email === account.email && !account.isRevoked;
  const isScope = scope.join('/') === `${said.Date.slice(0, 8)}/auto/storage/goog4_request`;
  if (!isKnown || !isScope) throw refused('AccessDenied');
  const text = [ALGORITHM, said.Date, scope.join('/'), hashOf(canonicalRequest(call, said))].join('\n');
  if (!account.hasSigned(Buffer.from(text), Buffer.from(said.Signature, 'hex'))) {
    throw refused('SignatureDoesNotMatch');
  }
  assertAlive(said);
}

function parametersOf(query: URLSearchParams): Record<Parameter, string> {
  const pairs = PARAMETERS.map((name) => [name, query.getAll(`X-Goog-${name}`)] as const);
  if (pairs.some(([, values]) => values.length !== 1)) throw refused('AccessDenied');
  return Object.fromEntries(pairs.map(([name, [value]]) => [name, value])) as Record<Parameter, string>;
}

function assertAlive({ Date: date, Expires: expires }: Record<Parameter, string>): void {
  const [, day = '', time = ''] = /^(\d{8})T(\d{6})Z$/.exec(date) ?? [];
  const parts = [day.replace(/^(....)(..)(..)$/, '$1-$2-$3'), time.replace(/^(..)(..)(..)$/, '$1:$2:$3Z')];
  const startsAtMs = Date.parse(parts.join('T'));
  const seconds = Number(expires);
  if (!(Number.isInteger(seconds) && seconds >= 0 && seconds <= MAX_LIFE_SECONDS)) {
    throw new GcsFailure(400, 'AuthorizationQueryParametersError');
  }
  if (!(startsAtMs <= Date.now())) throw refused('AccessDenied');
  if (Date.now() >= startsAtMs + seconds * 1000) throw new GcsFailure(400, 'ExpiredToken');
}

function canonicalRequest(call: GcsCall, said: Record<Parameter, string>): string {
  const method = call.method === 'HEAD' ? 'GET' : call.method;
  const path = ['', call.bucket, ...(call.name === '' ? [] : call.name.split('/'))].map(encoded).join('/');
  const pairs = [...call.query].filter(([name]) => name !== 'X-Goog-Signature');
  const query = pairs.map(([name, value]) => `${encoded(name)}=${encoded(value)}`).sort();
  const names = said.SignedHeaders.split(';');
  const unsigned = Object.keys(call.headers).filter(
    (name) => name.startsWith('x-goog-') && !names.includes(name),
  );
  if (!names.includes('host') || unsigned.length > 0) throw refused('AccessDenied');
  const headers = names.map((name) => `${name}:${String(call.headers[name] ?? '').trim()}\n`).join('');
  return [method, path, query.join('&'), headers, said.SignedHeaders, 'UNSIGNED-PAYLOAD'].join('\n');
}

/** Everything but the unreserved characters of RFC 3986. */
function encoded(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function refused(code: string): GcsFailure {
  return new GcsFailure(403, code);
}
