import type { Visibility } from './organization.js';

/** Who owns a namespace. */
export interface NamespaceClaim {
  readonly id: string;
  /** In the spelling of its owner. */
  readonly name: string;
  /** `null` once the organization is gone: nobody owns the namespace, and nobody can take it. */
  readonly organizationId: string | null;
  readonly organizationName: string | null;
  /** That of the organization. */
  readonly visibility: Visibility;
  readonly createdAt: Date;
  /** Belongs to what mirrors bring, and everybody may read it who may read anything here. */
  readonly isShared: boolean;
  /** The host of the upstream whose modules are fetched into the namespace; `null` where people publish. */
  readonly pulledFrom: string | null;
}

/** Whose claims decide about the address of a provider; both are `undefined` where nobody has anything. */
export interface ProviderClaims {
  /** That of the namespace. */
  readonly own: NamespaceClaim | undefined;
  /** That of the oldest mirrored provider of this name; its name is `host/namespace/type`. */
  readonly mirrored: NamespaceClaim | undefined;
}

/** A claim that somebody owns. */
export interface OwnedNamespace extends NamespaceClaim {
  readonly organizationId: string;
  readonly organizationName: string;
}
