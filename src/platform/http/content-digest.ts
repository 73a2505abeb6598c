import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { ContentDigestMismatch, MalformedRequest } from './http.errors.js';

const SHA_256 = /(?:^|,)\s*sha-256=:([A-Za-z0-9+/]{43}=):/;

/**
 * Watches a body for its `Content-Digest` header (RFC 9530, `sha-256`; other algorithms are not looked at).
 * Returns a function for the time when the body has been read, which throws `ContentDigestMismatch`; `undefined`
 * when the request declares no digest. Call it before anything reads the body.
 */
export function watchContentDigest(request: IncomingMessage): (() => void) | undefined {
  const header = request.headers['content-digest'];
  if (header === undefined) return undefined;
  const value = String(header);
  const expected = SHA_256.exec(value)?.[1];
  if (expected === undefined) {
    if (!/sha-256\s*=/.test(value)) return undefined;
    throw new MalformedRequest('The Content-Digest header must look like sha-256=:<base64>:');
  }
  const hash = createHash('sha256');
  request.on('data', (chunk: Buffer) => hash.update(chunk));
  return () => {
    if (hash.digest('base64') !== expected) throw new ContentDigestMismatch();
  };
}
