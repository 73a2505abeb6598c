import { Injectable } from '@nestjs/common';
import { MirrorGate } from '../domain/mirror-gate.js';
import { ReleaseKeyNotTrusted } from '../domain/mirror.errors.js';
import { MirrorKeys } from '../keys/mirror-keys.service.js';
import type { AdmittedRelease } from './planned-provider.js';
import {
  discardAll,
  ReleaseFetcher,
  type FetchedRelease,
  type SyncTarget,
} from './release-fetcher.service.js';
import { ReleaseStore } from './release-store.service.js';
import { SyncRecords } from './sync-records.service.js';
import type { SyncWork } from './sync-work.js';

/** Brings one version of a provider here: fetch, verify, store; what goes wrong becomes lines of the run. */
@Injectable()
export class ReleaseSync {
  constructor(
    private readonly fetcher: ReleaseFetcher,
    private readonly store: ReleaseStore,
    private readonly gates: MirrorGate,
    private readonly keys: MirrorKeys,
    private readonly records: SyncRecords,
  ) {}

  /** Throws what ends the run, or what keeps all of the provider from being stored. */
  async run(work: SyncWork, target: SyncTarget, release: AdmittedRelease): Promise<void> {
    const fetched = await this.fetcher.fetch(work, target, release);
    try {
      if (fetched.refusal !== undefined) await this.refuse(work, target, release, fetched.refusal);
      else await this.keep(work, target, release, fetched);
    } finally {
      await discardAll(fetched);
    }
  }

  private async keep(
    work: SyncWork,
    target: SyncTarget,
    release: AdmittedRelease,
    { failures, packages }: FetchedRelease,
  ): Promise<void> {
    const subject = { ...target.name, version: release.version.text };
    for (const { platform, error } of failures) {
      await this.records.packagesFailed(work, { ...subject, platforms: [platform] }, error);
    }
    if (packages.length === 0) return;
    try {
      await this.store.store(work, target, release, packages);
      work.noteOutcome(false);
    } catch (error) {
      if (work.isFatal(error)) throw error;
      const platforms = packages.map(({ platform }) => platform);
      await this.records.packagesFailed(work, { ...subject, platforms }, error);
      if (ReleaseStore.isAboutProvider(error)) throw error;
    }
  }

  /** Nothing of the version is stored, also not the packages that are in order. */
  private async refuse(
    work: SyncWork,
    { name }: SyncTarget,
    { admission, platforms, version }: AdmittedRelease,
    refusal: unknown,
  ): Promise<void> {
    const { lease, mirror, report } = work.facts;
    if (refusal instanceof ReleaseKeyNotTrusted) {
      const { fingerprint, armor, isFirstKey } = refusal;
      const advice = await lease.write(() =>
        this.keys.noteStranger(mirror, name.namespace, { fingerprint, armor }),
      );
      report.addWarning(advice);
      if (admission.needsKnownKey && isFirstKey) {
        report.addLeftOut(name, [{ what: version.text, reason: 'needs-approval', detail: refusal.message }]);
        await lease.write(() => this.gates.request(mirror, name));
        return;
      }
    }
    await this.records.packagesFailed(work, { ...name, version: version.text, platforms }, refusal);
  }
}
