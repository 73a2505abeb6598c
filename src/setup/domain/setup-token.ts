import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

const PREFIX = 'tfr_setup_';
const RANDOM_BYTES = 32;
const FORM = /^tfr_setup_[A-Za-z0-9_-]{43}$/;

/**
 * The one-time token of the first-run setup: a prefix and 256 random bits. It is random enough to be stored as a
 * plain SHA-256, by which alone it is compared.
 */
export const SetupTokenText = {
  generate(): string {
    return PREFIX + randomBytes(RANDOM_BYTES).toString('base64url');
  },

  digestOf(token: string): Buffer {
    return createHash('sha256').update(token).digest();
  },

  /** Whether `token` is the one with this digest. */
  matches(token: string, digest: Buffer): boolean {
    return timingSafeEqual(SetupTokenText.digestOf(token), digest) && FORM.test(token);
  },
};
