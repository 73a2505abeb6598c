import type { Visibility } from './organization.js';

/** Who owns a namespace. */
export interface NamespaceClaim {
  readonly id: string;
  /** In the spelling of its owner. */
  readonly name: string;
  readonly organizationId: string;
  readonly organizationName: string;
  /** That of the organization. */
  readonly visibility: Visibility;
}
