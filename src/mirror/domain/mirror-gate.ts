import type { Mirror } from './mirror.js';
import type { Permission } from './mirror-policy.js';
import type { ProviderName } from './name-filter.js';

/** What is known of a version before it is fetched. */
export interface VersionFacts {
  /** The exact text of the upstream. */
  readonly version: string;
  readonly firstSeenAt: Date;
  /** Somebody lets it through before its cool-down is over. */
  readonly isReleased: boolean;
  /** Versions of the provider that are here, in the text of the upstream. */
  readonly heldVersions: readonly string[];
}

/** Whether a version may be fetched now. */
export type VersionAdmission =
  | {
      readonly kind: 'admitted';
      /** Only when a key that counts already signed it: without one it waits for an approval. */
      readonly needsKnownKey: boolean;
      /** The rules of the mirror approve it instead of a person: to be recorded once it is here. */
      readonly isAutoApproved: boolean;
    }
  | { readonly kind: 'cooling-down'; readonly until: Date; readonly reason: string }
  | { readonly kind: 'needs-approval'; readonly reason: string };

/** What policies, approvals and rules say about one provider of a mirror. */
export interface ProviderGate {
  readonly permission: Permission;
  /**
   * Whether single versions may be admitted although the provider waits for an approval: by the rules of the mirror, or
   * because they are approved by themselves. Then a run asks `admits` for each version.
   */
  readonly mayAdmitVersions: boolean;
  admits(version: VersionFacts): VersionAdmission;
}

/** Decides what a mirror may fetch and offer (REST contract, sections 21 and 22). */
export abstract class MirrorGate {
  /** What holds for a provider now; reads policies and approvals. */
  abstract of(mirror: Mirror, name: ProviderName): Promise<ProviderGate>;

  /**
   * Holds the decisions of people off until the surrounding transaction ends, and looks once more whether `version` may
   * become visible: first in the transaction that stores it. With `isAutoApproved` that is recorded there too.
   *
   * @throws MirroringNoLongerAllowed somebody decided otherwise meanwhile
   */
  abstract confirm(
    mirror: Mirror,
    name: ProviderName,
    version: Pick<VersionFacts, 'version'> & { readonly isAutoApproved: boolean },
  ): Promise<void>;

  /** Makes the pending request that a person answers, unless there is one or too many wait. */
  abstract request(mirror: Mirror, name: ProviderName, version?: string): Promise<void>;
}
