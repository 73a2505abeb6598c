import type { ProviderGate, VersionAdmission } from '../domain/mirror-gate.js';
import type { PlannedRelease, ProviderPlan } from '../domain/mirror-plan.js';
import type { ProviderName } from '../domain/name-filter.js';
import type { ProviderService } from '../upstream/upstream-registry.js';

/** A release that the gate lets through. */
export interface AdmittedRelease extends PlannedRelease {
  readonly admission: Extract<VersionAdmission, { kind: 'admitted' }>;
}

/** A plan whose releases are admitted; the others are among `leftOut`. */
export interface AdmittedPlan extends ProviderPlan {
  readonly releases: readonly AdmittedRelease[];
}

/** Something about the list of an upstream that somebody should look at. */
export interface ListingWarning {
  readonly kind: 'version_vanished' | 'upstream_rolled_back';
  readonly sentence: string;
}

/** What a run does about one provider, and what it needs for that. */
export interface PlannedProvider {
  readonly kind: 'planned';
  readonly name: ProviderName;
  readonly service: ProviderService;
  readonly gate: ProviderGate;
  readonly plan: AdmittedPlan;
  readonly warnings: readonly ListingWarning[];
  /** What recognizes the list and what it was planned with; absent when it was not asked for. */
  readonly listing?: {
    readonly etag?: string;
    readonly basis: string;
    /** The newest version that it has. */
    readonly newest: string | null;
  };
}

/** A provider whose list did not change since a run left nothing to do. */
export interface UnchangedProvider {
  readonly kind: 'unchanged';
  readonly name: ProviderName;
}

/** A provider of which nothing can be said, because the upstream failed. */
export interface UnplannedProvider {
  readonly kind: 'failed';
  readonly name: ProviderName;
  readonly error: unknown;
}
