import type { DryRun, DryRunProvider, DryRunVersion } from '../domain/dry-run.js';
import type { LeftOut, LeftOutReason } from '../domain/mirror-plan.js';
import type { FailureLine } from '../domain/sync-report.js';

/**
 * Adds up what a dry run finds. At most so many packages, failures, and lines about what is left out are kept; packages
 * and lines are counted beyond.
 */
export class DryRunTotals {
  private readonly providers: DryRunProvider[] = [];
  private readonly failures: FailureLine[] = [];
  private readonly leftOutCount: Partial<Record<LeftOutReason, number>> = {};
  private readonly counts = { providers: 0, versions: 0, packages: 0, bytes: 0, unknown: 0 };
  private freePackages: number;
  private freeLines: number;
  private isCut = false;

  constructor(private readonly maxLines: number) {
    this.freePackages = maxLines;
    this.freeLines = maxLines;
  }

  /** What a run would do about a provider; what is not asked for has no size. */
  addProvider({ name, versions, leftOut, warnings }: DryRunProvider): void {
    if (versions.length > 0) this.counts.providers += 1;
    for (const version of versions) this.count(version);
    for (const { reason } of leftOut) this.leftOutCount[reason] = (this.leftOutCount[reason] ?? 0) + 1;
    const listed = this.cutVersions(versions);
    const lines = this.cutLines(leftOut);
    if (listed.length + lines.length + warnings.length > 0) {
      this.providers.push({ name, versions: listed, leftOut: lines, warnings });
    } else if (versions.length + leftOut.length > 0) {
      this.isCut = true;
    }
  }

  /** Something could not be said. */
  addFailure(line: FailureLine): void {
    if (this.failures.length < this.maxLines) this.failures.push(line);
    else this.isCut = true;
  }

  /** Everything so far. */
  end({ isComplete }: { readonly isComplete: boolean }): DryRun {
    return {
      providers: this.providers,
      providerCount: this.counts.providers,
      versionCount: this.counts.versions,
      packageCount: this.counts.packages,
      knownBytes: this.counts.bytes,
      unknownSizes: this.counts.unknown,
      leftOutCount: this.leftOutCount,
      failures: this.failures,
      isComplete,
      isCut: this.isCut,
    };
  }

  private count({ packages }: DryRunVersion): void {
    this.counts.versions += 1;
    this.counts.packages += packages.length;
    for (const { sizeBytes } of packages) {
      if (sizeBytes === null) this.counts.unknown += 1;
      else this.counts.bytes += sizeBytes;
    }
  }

  private cutVersions(versions: readonly DryRunVersion[]): DryRunVersion[] {
    return versions.flatMap((version) => {
      const packages = version.packages.slice(0, this.freePackages);
      this.freePackages -= packages.length;
      if (packages.length < version.packages.length) this.isCut = true;
      return packages.length === 0 ? [] : [{ ...version, packages }];
    });
  }

  private cutLines(leftOut: readonly LeftOut[]): LeftOut[] {
    const lines = leftOut.slice(0, this.freeLines);
    this.freeLines -= lines.length;
    if (lines.length < leftOut.length) this.isCut = true;
    return lines;
  }
}
