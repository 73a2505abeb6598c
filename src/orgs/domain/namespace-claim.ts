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
}

/** A claim that somebody owns. */
export interface OwnedNamespace extends NamespaceClaim {
  readonly organizationId: string;
  readonly organizationName: string;
}
