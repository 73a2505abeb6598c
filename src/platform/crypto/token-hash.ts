import { createHmac } from 'node:crypto';

/**
 * HMAC-SHA-256 (32 bytes) of `token` under `pepper`: what is stored of a random credential and what it is
 * found by. Fast on purpose; only for credentials with at least 128 random bits, never for passwords.
 */
export function keyedDigest(pepper: Buffer, token: string): Buffer {
  return createHmac('sha256', pepper).update(token).digest();
}
