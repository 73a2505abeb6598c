import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

const RANDOM_BYTES = 28;
const CHECKSUM_BYTES = 4;
const FORM = /^([a-z0-9]{2,8}_)([A-Za-z0-9_-]{43})$/;
/** The prefix of session handles, which are no API keys. */
const RESERVED_PREFIX = 'tfrs_';
const SHOWN_CHARACTERS = 10;

/**
 * The text of an API key: a prefix and 43 base64url characters of 28 random bytes and a checksum of 4, which
 * are the first bytes of the SHA-256 of prefix and random bytes. A mistyped or invented key is refused by its
 * checksum, before anything is looked up. Every prefix of the right form is accepted, so keys outlive a change
 * of the configured one.
 */
export class ApiKeyToken {
  private constructor(
    /** The whole key. A secret: shown once, never logged. */
    readonly text: string,
  ) {}

  /** A new random key. */
  static generate(prefix: string): ApiKeyToken {
    const random = randomBytes(RANDOM_BYTES);
    const body = Buffer.concat([random, checksumOf(prefix, random)]).toString('base64url');
    return new ApiKeyToken(prefix + body);
  }

  /** `text` as a key, or `undefined` when no key can look so. */
  static tryParse(text: string): ApiKeyToken | undefined {
    const [, prefix, body] = FORM.exec(text) ?? [];
    if (prefix === undefined || body === undefined || prefix === RESERVED_PREFIX) return undefined;
    const bytes = Buffer.from(body, 'base64url');
    if (bytes.length !== RANDOM_BYTES + CHECKSUM_BYTES || bytes.toString('base64url') !== body)
      return undefined;
    const expected = checksumOf(prefix, bytes.subarray(0, RANDOM_BYTES));
    return timingSafeEqual(expected, bytes.subarray(RANDOM_BYTES)) ? new ApiKeyToken(text) : undefined;
  }

  /** The first ten characters, by which people recognize a key. */
  get shownPrefix(): string {
    return this.text.slice(0, SHOWN_CHARACTERS);
  }
}

function checksumOf(prefix: string, random: Buffer): Buffer {
  return createHash('sha256').update(prefix).update(random).digest().subarray(0, CHECKSUM_BYTES);
}
