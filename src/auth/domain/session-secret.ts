import { createHash, createHmac, randomBytes } from 'node:crypto';

const SECRET_BYTES = 32;
const HANDLE_BYTES = 16;
const SECRET = /^[A-Za-z0-9_-]{43}$/;
const HANDLE = /^tfrs_[A-Za-z0-9_-]{22}$/;

/** The texts that belong to a session (REST contract 2.2 and 9.1). */
export class SessionSecret {
  private constructor(
    /** 256 random bits as 43 base64url characters. Only ever in the HttpOnly cookie. */
    readonly text: string,
  ) {}

  /** A new random secret. */
  static generate(): SessionSecret {
    return new SessionSecret(randomBytes(SECRET_BYTES).toString('base64url'));
  }

  /** `text` as a secret, or `undefined` when none can look so. */
  static tryParse(text: string): SessionSecret | undefined {
    return SECRET.test(text) ? new SessionSecret(text) : undefined;
  }

  /** A new handle: 128 random bits that name a session and prove nothing. */
  static newHandle(): string {
    return `tfrs_${randomBytes(HANDLE_BYTES).toString('base64url')}`;
  }

  /** Whether `text` has the form of a handle, usable or not. */
  static isHandle(text: string): boolean {
    return HANDLE.test(text);
  }

  /** SHA-256 of a secret or handle: both are random, so nothing slower is needed. */
  static digestOf(text: string): Buffer {
    return createHash('sha256').update(text).digest();
  }

  /** What is stored of the secret and what it is found by. */
  get digest(): Buffer {
    return SessionSecret.digestOf(this.text);
  }

  /**
   * The value that a request by cookie has to repeat. It follows from the secret, so a `tfr_csrf` cookie that
   * somebody else planted never fits.
   */
  get csrfToken(): string {
    return createHmac('sha256', this.text).update('csrf').digest('base64url');
  }
}
