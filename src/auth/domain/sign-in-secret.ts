import { createHash, createHmac, randomBytes } from 'node:crypto';

const SECRET = /^[A-Za-z0-9_-]{43}$/;

/**
 * What binds a running sign-in to one browser (threat B9): 256 random bits that only its cookie holds. Nonce and
 * PKCE verifier follow from it and from the state, so another browser cannot finish the sign-in with anything
 * that the database knows.
 */
export class SignInSecret {
  private constructor(readonly text: string) {}

  static generate(): SignInSecret {
    return new SignInSecret(randomBytes(32).toString('base64url'));
  }

  /** `text` as a secret, or `undefined` when none can look so. */
  static tryParse(text: string | undefined): SignInSecret | undefined {
    return text !== undefined && SECRET.test(text) ? new SignInSecret(text) : undefined;
  }

  /** A new state, and what is stored of one. */
  static newState(): string {
    return randomBytes(32).toString('base64url');
  }

  static digestOf(text: string): Buffer {
    return createHash('sha256').update(text).digest();
  }

  get digest(): Buffer {
    return SignInSecret.digestOf(this.text);
  }

  nonceFor(state: string): string {
    return this.derive(`nonce ${state}`);
  }

  codeVerifierFor(state: string): string {
    return this.derive(`code verifier ${state}`);
  }

  private derive(purpose: string): string {
    return createHmac('sha256', this.text).update(purpose).digest('base64url');
  }
}
