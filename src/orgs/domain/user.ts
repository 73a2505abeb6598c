/** A person who may sign in. */
export interface User {
  readonly id: string;
  /** Trimmed, in lower case, unique. */
  readonly email: string;
  readonly name: string;
  /** Who they are at their identity provider; set in advance by an administrator, or by the first sign-in. */
  readonly oidcSub: string | null;
  /** The provider that `oidcSub` belongs to; `null` until the first sign-in. */
  readonly oidcIssuer: string | null;
  /** `false`: disabled, every credential is refused. */
  readonly isActive: boolean;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}
