import { sha256Hex } from '../../../kernel/sha256.js';
import { attachment } from '../../../platform/http/content-disposition.js';
import type { SignedUrlOptions } from '../../object-store.js';
import type { GcsIdentity } from './gcs-identity.js';

const ALGORITHM = 'GOOG4-RSA-SHA256';
/** Clocks may differ: what is signed now is valid for a server whose clock is behind. */
const BACKDATED_SECONDS = 5 * 60;
const MAX_LIFE_SECONDS = 7 * 24 * 60 * 60;

/** The object that a URL opens. */
export interface SignedPlace {
  /** Scheme and host. */
  readonly endpoint: string;
  readonly bucket: string;
  readonly path: string;
}

/**
 * A URL with a signature of version 4 for GET, and so for HEAD. It lives until `expiresAtMs`, but not longer than a
 * week from now, which is the limit of the signature. Written here because the SDK keeps no more of a refusal to sign
 * than its words, signs hosts without their ports, and nothing that is over.
 */
export async function signedUrl(
  { auth, signingEndpoint }: GcsIdentity,
  { endpoint, bucket, path }: SignedPlace,
  { expiresAtMs, filename, contentType }: SignedUrlOptions,
): Promise<string> {
  const { client_email: account } = await auth.getCredentials();
  const { origin, host } = new URL(endpoint);
  const { start, seconds } = lifeOf(expiresAtMs);
  const date = new Date(start * 1000).toISOString().replaceAll(/[-:]|\.\d+/g, '');
  const scope = `${date.slice(0, 8)}/auto/storage/goog4_request`;
  const resource = `/${bucket}/${path.split('/').map(encoded).join('/')}`;
  const query = queryOf({
    'X-Goog-Algorithm': ALGORITHM,
    'X-Goog-Credential': `${account}/${scope}`,
    'X-Goog-Date': date,
    'X-Goog-Expires': String(seconds),
    'X-Goog-SignedHeaders': 'host',
    'response-content-disposition': attachment(filename),
    'response-content-type': contentType,
  });
  const request = ['GET', resource, query, `host:${host}\n`, 'host', 'UNSIGNED-PAYLOAD'].join('\n');
  const text = [ALGORITHM, date, scope, sha256Hex(request)].join('\n');
  const signature = Buffer.from(await auth.sign(text, signingEndpoint), 'base64').toString('hex');
  return `${origin}${resource}?${query}&X-Goog-Signature=${signature}`;
}

/** From when on a signature is valid, in seconds since 1970, and for how long. */
function lifeOf(expiresAtMs: number): { start: number; seconds: number } {
  const now = Math.floor(Date.now() / 1000);
  const end = Math.min(Math.floor(expiresAtMs / 1000), now + MAX_LIFE_SECONDS);
  const start = Math.max(Math.min(now, end) - BACKDATED_SECONDS, end - MAX_LIFE_SECONDS);
  return { start, seconds: end - start };
}

/** Sorted by their names, as they are signed. */
function queryOf(parameters: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(parameters).map(([name, value]) => `${encoded(name)}=${encoded(value)}`);
  return pairs.sort().join('&');
}

/** Everything but the unreserved characters of RFC 3986. */
function encoded(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
