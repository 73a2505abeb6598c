import { Injectable } from '@nestjs/common';
import { AuditLog } from '../../audit/audit-log.service.js';
import { Clock } from '../../kernel/clock.js';
import { Transactions } from '../../platform/database/transactions.js';
import { MirroredProviders } from '../../providers/mirrored-providers.service.js';
import { dayOf } from '../../usage/domain/day.js';
import { DownloadTotals } from '../../usage/download-totals.service.js';
import { planRetention, type RetentionPlan } from '../domain/retention.js';
import {
  type MirrorRules,
  MirrorRetentionRepository,
  type RetainedProvider,
  type StoredVersion,
} from '../persistence/mirror-retention.repository.js';

const PROVIDERS_AT_A_TIME = 100;
/** Versions that one transaction deletes. */
const BATCH = 20;

/** A version that is here, and when it was last used. */
export type RetainedStoredVersion = StoredVersion & { readonly lastUsedOn: string };

/** What would become of one provider. */
export interface ProviderRetention {
  readonly mirrors: readonly MirrorRules[];
  readonly plan: RetentionPlan<RetainedStoredVersion>;
}

/** What a run of retention removed. */
export interface RemovedByRetention {
  readonly providers: number;
  readonly versions: number;
  /** Of the packages; objects that others share stay. */
  readonly bytes: number;
}

/** Removes the versions of mirrored providers that no mirror of them keeps; the sweep removes their objects. */
@Injectable()
export class MirrorRetention {
  constructor(
    private readonly repository: MirrorRetentionRepository,
    private readonly providers: MirroredProviders,
    private readonly downloads: DownloadTotals,
    private readonly transactions: Transactions,
    private readonly audit: AuditLog,
    private readonly clock: Clock,
  ) {}

  /** Applies the rules of all mirrors. One provider that fails does not keep the others; its error is thrown at the end. */
  async run(signal?: AbortSignal): Promise<RemovedByRetention> {
    const total = { providers: 0, versions: 0, bytes: 0 };
    const failures: unknown[] = [];
    let after: string | null = null;
    for (;;) {
      const page: RetainedProvider[] = await this.repository.providersWithRules(after, PROVIDERS_AT_A_TIME);
      for (const provider of page) {
        if (signal?.aborted) return total;
        after = provider.providerId;
        try {
          const removed = await this.apply(provider);
          total.providers += removed.length > 0 ? 1 : 0;
          total.versions += removed.length;
          total.bytes += removed.reduce((sum, { bytes }) => sum + bytes, 0);
        } catch (error) {
          failures.push(error);
        }
      }
      if (page.length < PROVIDERS_AT_A_TIME) break;
    }
    if (failures.length > 0) throw failures[0];
    return total;
  }

  /** What the rules of its mirrors make of a provider now. Writes nothing. */
  async plan(providerId: string): Promise<ProviderRetention> {
    const mirrors = await this.repository.rulesOf(providerId);
    const stored = await this.repository.versionsOf(providerId);
    const days = await this.downloads.lastDays(stored.flatMap(({ packageIds }) => packageIds));
    const versions = stored.map((one) => ({
      ...one,
      isPinned: one.isPinned || one.isQuarantined,
      lastUsedOn: latest([one.arrivedOn, ...one.packageIds.map((id) => days.get(id))]),
    }));
    return { mirrors, plan: planRetention(versions, mirrors, dayOf(this.clock.now())) };
  }

  private async apply(provider: RetainedProvider): Promise<RetainedStoredVersion[]> {
    const { mirrors, plan } = await this.plan(provider.providerId);
    const done: RetainedStoredVersion[] = [];
    for (let at = 0; at < plan.removed.length; at += BATCH) {
      const batch = plan.removed.slice(at, at + BATCH);
      const removed = await this.transactions.run(() => this.remove(provider, mirrors, batch));
      done.push(...removed);
    }
    return done;
  }

  private async remove(
    { providerId, host, namespace, type }: RetainedProvider,
    [mirror]: readonly MirrorRules[],
    batch: readonly RetainedStoredVersion[],
  ): Promise<RetainedStoredVersion[]> {
    const texts = batch.map(({ version }) => version);
    const unpinned = new Set(await this.repository.lockUnpinned(providerId, texts));
    const removed = batch.filter(({ version }) => unpinned.has(version));
    if (removed.length === 0 || mirror === undefined) return [];
    const versions = removed.map(({ version }) => version);
    await this.providers.deleteVersions({ host, namespace, type }, versions);
    await this.audit.record({
      resource: 'mirror',
      resourceId: mirror.mirrorId,
      organizationId: mirror.organizationId,
      action: 'mirror.retention_applied',
      metadata: { provider: `${host}/${namespace}/${type}`, versions },
    });
    return removed;
  }
}

function latest(days: readonly (string | undefined)[]): string {
  return days.reduce<string>((last, day) => (day !== undefined && day > last ? day : last), '');
}
