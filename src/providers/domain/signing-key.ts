/** A public key that a namespace registered. */
export interface SigningKey {
  readonly id: string;
  readonly claimId: string;
  /** 40 upper-case hexadecimal digits. */
  readonly fingerprint: string;
  /** 16 upper-case hexadecimal digits. */
  readonly keyId: string;
  readonly asciiArmor: string;
  /** When it stopped counting for anything new. */
  readonly revokedAt: Date | null;
  readonly revocationReason: string | null;
  readonly isCompromised: boolean;
  readonly createdAt: Date;
}

/** The same with its life as shown to people. */
export interface ListedSigningKey extends SigningKey {
  readonly state: 'active' | 'expired' | 'revoked';
}
