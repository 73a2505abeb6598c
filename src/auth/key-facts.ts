import type { HeldRole } from '../access/authority.js';
import type { PublishedFrom } from '../access/principal.js';
import type { Scope } from '../access/scope.js';

/** A key as found by its digest, which was not revoked, with what decides what it may do now. */
export interface KeyFacts {
  readonly id: string;
  readonly digest: Buffer;
  readonly name: string;
  readonly organizationId: string;
  readonly isDefaultOrganization: boolean;
  readonly scopes: readonly Scope[];
  readonly expiresAt: Date | null;
  /** Set for exchanged tokens: the folded names of the only namespaces it may touch, and who publishes. */
  readonly namespaces: readonly string[] | null;
  readonly publishedFrom: PublishedFrom | null;
  readonly owner: KeyOwner | null;
}

/** The user who owns a key, with the rights of now. */
export interface KeyOwner {
  readonly userId: string;
  readonly name: string;
  readonly email: string;
  readonly isActive: boolean;
  readonly memberships: readonly HeldRole[];
}
