import type { LeftOut, LeftOutReason } from './mirror-plan.js';
import type { ProviderName } from './name-filter.js';
import type { FailureLine } from './sync-report.js';

/** A version of which a run would fetch something. */
export interface DryRunVersion {
  /** The exact text of the upstream. */
  readonly version: string;
  /** Whether the rules of the mirror approve it instead of a person. */
  readonly isAutoApproved: boolean;
  /** Whether only a release that is signed by a key that counts already is taken. */
  readonly needsKnownKey: boolean;
  readonly packages: readonly {
    /** `os/arch` */
    readonly platform: string;
    /** `null`: not asked for, or the upstream does not say. */
    readonly sizeBytes: number | null;
  }[];
}

/** What a run would do about one provider. */
export interface DryRunProvider {
  readonly name: ProviderName;
  /** Newest first. */
  readonly versions: readonly DryRunVersion[];
  readonly leftOut: readonly LeftOut[];
  /** What somebody should look at. */
  readonly warnings: readonly string[];
}

/** What a run of a mirror would fetch now. */
export interface DryRun {
  readonly providers: readonly DryRunProvider[];
  /** Providers of which something would be fetched. */
  readonly providerCount: number;
  readonly versionCount: number;
  readonly packageCount: number;
  /** Of the packages whose size is known. */
  readonly knownBytes: number;
  readonly unknownSizes: number;
  readonly leftOutCount: Readonly<Partial<Record<LeftOutReason, number>>>;
  /** What the upstream did not say. */
  readonly failures: readonly FailureLine[];
  /** `false`: the time was over before everything was looked at. */
  readonly isComplete: boolean;
  /** Whether more was counted than is listed. */
  readonly isCut: boolean;
}
