import { Injectable, Logger } from '@nestjs/common';
import { MirrorConfig } from '../../config/mirror.config.js';
import { DomainError } from '../../kernel/errors.js';
import type { DryRun, DryRunProvider, DryRunVersion } from '../domain/dry-run.js';
import { DryRunsBusy } from '../domain/mirror-configuration.errors.js';
import type { SyncRestriction } from '../domain/mirror-sync.js';
import type { Mirror } from '../domain/mirror.js';
import { failureLine, lineOf } from '../domain/sync-report.js';
import { DryRunTotals } from './dry-run-totals.js';
import { forEachAtMost } from '../sync/bounded-work.js';
import { MirrorPlanning } from '../sync/mirror-planning.service.js';
import type { AdmittedRelease, PlannedProvider } from '../sync/planned-provider.js';
import { PackageSizes } from '../upstream/package-sizes.js';

/** How many sizes may still be asked for, and until when. */
interface Budget {
  sizeChecks: number;
  readonly signal: AbortSignal;
}

/** Says what a run of a mirror would fetch now, and fetches nothing. */
@Injectable()
export class MirrorDryRun {
  private readonly logger = new Logger('MirrorDryRun');
  private readonly running = new Map<string, Promise<DryRun>>();

  constructor(
    private readonly planning: MirrorPlanning,
    private readonly sizes: PackageSizes,
    private readonly config: MirrorConfig,
  ) {}

  /**
   * What a run of the mirror, or of a part of it, would fetch. What the upstream does not say is told among the
   * failures. Callers who ask for the same at the same time share one answer. Throws {@link DryRunsBusy}.
   */
  plan(mirror: Mirror, restriction: SyncRestriction): Promise<DryRun> {
    const { namespace, providerType } = restriction;
    const what = JSON.stringify([mirror.id, mirror.updatedAt, namespace ?? null, providerType ?? null]);
    const known = this.running.get(what);
    if (known !== undefined) return known;
    if (this.running.size >= this.config.planConcurrency) return Promise.reject(new DryRunsBusy());
    const made = this.make(mirror, restriction).finally(() => this.running.delete(what));
    this.running.set(what, made);
    return made;
  }

  private async make(mirror: Mirror, restriction: SyncRestriction): Promise<DryRun> {
    const totals = new DryRunTotals(this.config.planLines);
    const signal = AbortSignal.timeout(this.config.planTimeoutMs);
    const budget: Budget = { sizeChecks: this.config.planSizeChecks, signal };
    try {
      for await (const planned of this.planning.plan(mirror, restriction, signal)) {
        if (planned.kind === 'failed')
          totals.addFailure(failureLine(planned.name, this.noted(planned.error)));
        else totals.addProvider(await this.provider(planned, budget));
      }
      return totals.end({ isComplete: true });
    } catch (error) {
      if (!signal.aborted) totals.addFailure(lineOf(mirror.upstreamHost, this.noted(error)));
      return totals.end({ isComplete: false });
    }
  }

  private async provider(planned: PlannedProvider, budget: Budget): Promise<DryRunProvider> {
    const { name, plan, warnings } = planned;
    const sizes = await this.sizesOf(planned, budget);
    return {
      name,
      versions: plan.releases.map((release) => dryRunVersion(release, sizes)),
      leftOut: plan.leftOut,
      warnings: warnings.map(({ sentence }) => sentence),
    };
  }

  private async sizesOf(
    { name, service, plan }: PlannedProvider,
    budget: Budget,
  ): Promise<Map<string, number>> {
    const packages = plan.releases.flatMap(({ version, platforms }) =>
      platforms.map((platform) => ({ name, version: version.text, platform })),
    );
    const asked = packages.slice(0, budget.sizeChecks);
    budget.sizeChecks -= asked.length;
    const sizes = new Map<string, number>();
    await forEachAtMost(this.config.downloadConcurrency, asked, async (wanted) => {
      const size = await this.sizes.find(service, wanted, budget.signal);
      if (size !== undefined) sizes.set(`${wanted.version} ${wanted.platform.key}`, size);
    });
    return sizes;
  }

  /** What is told to nobody stands in the log. */
  private noted(error: unknown): unknown {
    if (!(error instanceof DomainError)) {
      this.logger.error('A dry run failed', error instanceof Error ? error.stack : String(error));
    }
    return error;
  }
}

function dryRunVersion(
  { version, platforms, admission }: AdmittedRelease,
  sizes: ReadonlyMap<string, number>,
): DryRunVersion {
  const { isAutoApproved, needsKnownKey } = admission;
  const packages = platforms.map((platform) => ({
    platform: platform.toString(),
    sizeBytes: sizes.get(`${version.text} ${platform.key}`) ?? null,
  }));
  return { version: version.text, isAutoApproved, needsKnownKey, packages };
}
