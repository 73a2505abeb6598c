import { Injectable } from '@nestjs/common';
import { PostponedLists } from '../../providers/postponed-lists.service.js';
import { MirrorGate } from '../domain/mirror-gate.js';
import type { ProviderName } from '../domain/name-filter.js';
import { forEachAtMost } from './bounded-work.js';
import { ListingMemory } from './listing-memory.service.js';
import { MirrorPlanning, type OpenedUpstream } from './mirror-planning.service.js';
import type { AdmittedRelease, PlannedProvider, UnchangedProvider } from './planned-provider.js';
import type { SyncTarget } from './release-fetcher.service.js';
import { ReleaseStore } from './release-store.service.js';
import { ReleaseSync } from './release-sync.service.js';
import { SyncRecords } from './sync-records.service.js';
import type { SyncWork } from './sync-work.js';

/** Goes through one provider in a run. */
@Injectable()
export class ProviderSync {
  constructor(
    private readonly planning: MirrorPlanning,
    private readonly memory: ListingMemory,
    private readonly releases: ReleaseSync,
    private readonly gates: MirrorGate,
    private readonly records: SyncRecords,
    private readonly lists: PostponedLists,
  ) {}

  /** `false` when the time of this stretch was over before the provider was done. Throws what ends the stretch. */
  async run(work: SyncWork, opened: OpenedUpstream, name: ProviderName): Promise<boolean> {
    const { mirror, report } = work.facts;
    const isNew = report.beginProvider(name);
    try {
      if (!(await this.goThrough(work, opened, name, isNew))) return false;
    } catch (error) {
      if (work.isFatal(error)) throw error;
      if (!ReleaseStore.isAboutProvider(error)) this.records.providerFailed(work, name, error);
    }
    await this.lists.settle({ host: mirror.upstreamHost, ...name });
    report.finishProvider(name);
    await work.step();
    return true;
  }

  private async goThrough(
    work: SyncWork,
    opened: OpenedUpstream,
    name: ProviderName,
    isNew: boolean,
  ): Promise<boolean> {
    const { facts } = work;
    let id: string | undefined;
    const planned = await this.planning.provider(facts.mirror, opened, name, {
      signal: facts.signal,
      remember: async (listing) => {
        const remembered = await this.memory.remember(work, name, listing);
        id = remembered.id;
        return remembered.seen;
      },
    });
    if (isNew) await this.tell(work, planned);
    if (planned.kind === 'unchanged' || id === undefined) return true;
    const target = { name, service: planned.service, mirroredProviderId: id };
    if (!(await this.fetch(work, target, planned.plan.releases))) return false;
    await this.memory.settle(work, id, planned, facts.report.hasFailed(name));
    return true;
  }

  /** What is left out, what the upstream took back, and what a person has to approve. */
  private async tell(work: SyncWork, planned: PlannedProvider | UnchangedProvider): Promise<void> {
    if (planned.kind === 'unchanged') return;
    const { lease, mirror, report } = work.facts;
    const { name, plan, warnings } = planned;
    report.addLeftOut(name, plan.leftOut);
    for (const warning of warnings) await this.records.warn(work, name, warning);
    if (plan.leftOut.some(({ reason }) => reason === 'needs-approval')) {
      await lease.write(() => this.gates.request(mirror, name));
    }
  }

  private async fetch(
    work: SyncWork,
    target: SyncTarget,
    releases: readonly AdmittedRelease[],
  ): Promise<boolean> {
    const { concurrency, lease, report } = work.facts;
    const left = releases.filter(({ version }) => !report.hasFinishedVersion(version.text));
    const packages = left.reduce((sum, { platforms }) => sum + platforms.length, 0);
    await work.planPackages(packages);
    const begin = async (release: AdmittedRelease): Promise<void> => {
      if (work.isOver) return;
      await lease.check();
      await this.releases.run(work, target, release);
      report.finishVersion(release.version.text);
      await work.step();
    };
    // The first release may teach whose key counts; the others are then compared with that.
    const [first, ...rest] = left;
    if (first) await begin(first);
    await forEachAtMost(releasesAtATime(rest, concurrency), rest, begin);
    work.facts.signal.throwIfAborted();
    return left.every(({ version }) => report.hasFinishedVersion(version.text));
  }
}

/** So many that about `concurrency` packages are on disk at a time. */
function releasesAtATime(releases: readonly AdmittedRelease[], concurrency: number): number {
  const most = Math.max(1, ...releases.map(({ platforms }) => platforms.length));
  return Math.ceil(concurrency / most);
}
