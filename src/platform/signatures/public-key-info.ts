/** An OpenPGP public key that clients of the registry can read. */
export interface PublicKeyInfo {
  /** 40 upper-case hexadecimal digits; the identity of the key. */
  readonly fingerprint: string;
  /** 16 upper-case hexadecimal digits; only for showing and for the protocol. */
  readonly keyId: string;
  /** For people: `RSA 4096`, `EdDSA Ed25519`, `ECDSA P-256`. */
  readonly algorithm: string;
  readonly createdAt: Date;
  /** `null`: never, or not known because the key is revoked. */
  readonly expiresAt: Date | null;
  /** Revoked by its owner inside the key itself. */
  readonly isRevoked: boolean;
  /** The key in normal form: one block, no comments, no headers. This is what is stored and listed. */
  readonly armor: string;
}

/** The life of a key as shown to people. */
export type PublicKeyState = 'active' | 'expired' | 'revoked';

/** The state of `key` at `now`. */
export function publicKeyState(key: PublicKeyInfo, now: Date): PublicKeyState {
  if (key.isRevoked) return 'revoked';
  return key.expiresAt !== null && key.expiresAt <= now ? 'expired' : 'active';
}
