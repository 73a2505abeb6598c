import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { S3AccessKey, S3Accounts } from './s3-accounts.js';
import { S3Failure } from './s3-answers.js';
import { headerOf, type S3Call } from './s3-call.js';

const ALGORITHM = 'AWS4-HMAC-SHA256';
const UNSIGNED = 'UNSIGNED-PAYLOAD';
const MAX_SKEW_MS = 15 * 60_000;
const MAX_EXPIRES_SECONDS = 604_800;

/** What a request says about its signature, in its `Authorization` header or in its query. */
interface Claim {
  readonly credential: readonly string[];
  readonly signedHeaders: readonly string[];
  readonly signature: string;
  /** `YYYYMMDDTHHMMSSZ` */
  readonly date: string;
  readonly sessionToken: string | undefined;
  readonly expiresSeconds?: number;
}

/**
 * Checks Signature Version 4 of a request, in its headers or its query; returns the key that signed it, or throws
 * what S3 answers. `payloadHash` is what was signed as the hash of the body.
 */
export function verifySignature(
  call: S3Call,
  accounts: S3Accounts,
  { region, service, payloadHash }: { region: string; service: string; payloadHash: string },
): S3AccessKey {
  const isPresigned = call.query.has('X-Amz-Algorithm');
  const claim = isPresigned ? claimOfQuery(call) : claimOfHeaders(call);
  const [accessKeyId = '', day, scopeRegion, scopeService, end] = claim.credential;
  const key = accounts.keyOf(accessKeyId, claim.sessionToken);
  const malformed = isPresigned ? 'AuthorizationQueryParametersError' : 'AuthorizationHeaderMalformed';
  if (scopeRegion !== region) throw new S3Failure(400, malformed, { Region: region });
  if (scopeService !== service || end !== 'aws4_request' || day !== claim.date.slice(0, 8)) {
    throw new S3Failure(400, malformed);
  }
  assertInTime(claim);
  assertHeadersAreSigned(call, claim);
  const scope = [day, region, service, end].join('/');
  const canonical = canonicalRequest(call, claim, isPresigned ? UNSIGNED : payloadHash);
  const toSign = [ALGORITHM, claim.date, scope, sha256(canonical)].join('\n');
  const steps = [day, region, service, end, toSign];
  const expected = steps.reduce<string | Buffer>(
    (secret, step) => createHmac('sha256', secret).update(step).digest(),
    `AWS4${key.secretAccessKey}`,
  ) as Buffer;
  const given = Buffer.from(claim.signature, 'hex');
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
    throw new S3Failure(403, 'SignatureDoesNotMatch');
  }
  return key;
}

function claimOfHeaders(call: S3Call): Claim {
  const header = call.headers.authorization;
  if (header === undefined) throw new S3Failure(403, 'AccessDenied');
  const pattern =
    /^AWS4-HMAC-SHA256 Credential=([^,\s]+), ?SignedHeaders=([^,\s]+), ?Signature=([0-9a-f]{64})$/;
  const [, credential, signedHeaders, signature] = pattern.exec(header) ?? [];
  const date = headerOf(call, 'x-amz-date');
  if (!credential || !signedHeaders || !signature || !date) {
    throw new S3Failure(400, 'AuthorizationHeaderMalformed');
  }
  return {
    credential: credential.split('/'),
    signedHeaders: signedHeaders.split(';'),
    signature,
    date,
    sessionToken: headerOf(call, 'x-amz-security-token'),
  };
}

function claimOfQuery(call: S3Call): Claim {
  const parameter = (name: string): string => {
    const value = call.query.get(name);
    if (value === undefined) throw new S3Failure(400, 'AuthorizationQueryParametersError');
    return value;
  };
  const expiresSeconds = Number(parameter('X-Amz-Expires'));
  const isValid =
    Number.isInteger(expiresSeconds) && expiresSeconds >= 1 && expiresSeconds <= MAX_EXPIRES_SECONDS;
  if (parameter('X-Amz-Algorithm') !== ALGORITHM || !isValid) {
    throw new S3Failure(400, 'AuthorizationQueryParametersError');
  }
  return {
    credential: parameter('X-Amz-Credential').split('/'),
    signedHeaders: parameter('X-Amz-SignedHeaders').split(';'),
    signature: parameter('X-Amz-Signature'),
    date: parameter('X-Amz-Date'),
    sessionToken: call.query.get('X-Amz-Security-Token'),
    expiresSeconds,
  };
}

function assertInTime({ date, expiresSeconds }: Claim): void {
  const signedAtMs = Date.parse(
    date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'),
  );
  if (Number.isNaN(signedAtMs)) throw new S3Failure(403, 'AccessDenied');
  const ageMs = Date.now() - signedAtMs;
  if (-ageMs > MAX_SKEW_MS) throw new S3Failure(403, 'RequestTimeTooSkewed');
  if (expiresSeconds === undefined && ageMs > MAX_SKEW_MS) throw new S3Failure(403, 'RequestTimeTooSkewed');
  if (expiresSeconds !== undefined && ageMs >= expiresSeconds * 1000) {
    throw new S3Failure(403, 'AccessDenied', { Expires: expiresSeconds });
  }
}

/** `host` and everything that S3 acts upon must be part of what was signed. */
function assertHeadersAreSigned(call: S3Call, { signedHeaders }: Claim): void {
  const needed = ['host', ...Object.keys(call.headers).filter((name) => name.startsWith('x-amz-'))];
  if (needed.some((name) => !signedHeaders.includes(name))) throw new S3Failure(403, 'AccessDenied');
}

function canonicalRequest(call: S3Call, { signedHeaders }: Claim, payloadHash: string): string {
  const query = [...call.query]
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]) => [encoded(name), encoded(value)] as const)
    .sort(([one, oneValue], [other, otherValue]) => compare(one, other) || compare(oneValue, otherValue))
    .map(([name, value]) => `${name}=${value}`);
  const headers = signedHeaders.map(
    (name) => `${name}:${(headerOf(call, name) ?? '').trim().replaceAll(/ +/g, ' ')}`,
  );
  const path = call.path.split('/').map(encoded).join('/');
  return [call.method, path, query.join('&'), ...headers, '', signedHeaders.join(';'), payloadHash].join(
    '\n',
  );
}

/** What a request says about its body: a SHA-256, or that it is not signed. Bodies in chunks of their own are not known. */
export function payloadHashOf(call: S3Call): string {
  const hash = headerOf(call, 'x-amz-content-sha256') ?? '';
  if (hash.startsWith('STREAMING-')) throw new S3Failure(501, 'NotImplemented');
  if (hash === '' && !call.query.has('X-Amz-Algorithm')) throw new S3Failure(400, 'MissingSecurityHeader');
  return hash;
}

/** Checks the bytes that came against what was signed. */
export function assertPayload(call: S3Call, sha256Hex: string): void {
  const hash = payloadHashOf(call);
  if (hash !== '' && hash !== UNSIGNED && hash !== sha256Hex) {
    throw new S3Failure(400, 'XAmzContentSHA256Mismatch');
  }
}

function encoded(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
