import { Injectable, Logger } from '@nestjs/common';
import { DomainError } from '../../kernel/errors.js';
import type { Platform } from '../../kernel/terraform/platform.js';
import { failureLine } from '../domain/sync-report.js';
import type { ProviderName } from '../domain/name-filter.js';
import { MirrorSyncLeasesRepository } from '../persistence/mirror-sync-leases.repository.js';
import { MirrorAlerts } from './mirror-alerts.service.js';
import type { ListingWarning } from './planned-provider.js';
import type { SyncWork } from './sync-work.js';

/** Packages of one version. */
export interface VersionSubject extends ProviderName {
  readonly version: string;
  readonly platforms: readonly Platform[];
}

/** Writes down what fails in a run: as lines, in its report, and as alerts. */
@Injectable()
export class SyncRecords {
  private readonly logger = new Logger('Mirror');

  constructor(
    private readonly leases: MirrorSyncLeasesRepository,
    private readonly alerts: MirrorAlerts,
  ) {}

  /** Packages that could not be stored for one reason: one failure in the report, one line each. */
  async packagesFailed(
    { facts }: SyncWork,
    { namespace, type, version, platforms }: VersionSubject,
    error: unknown,
  ): Promise<void> {
    const [only] = platforms;
    const platform = platforms.length === 1 ? only?.toString() : undefined;
    const subject = { namespace, type, version, ...(platform !== undefined && { platform }) };
    this.log(error);
    facts.report.addFailure(subject, error);
    const { code, message } = failureLine(subject, error);
    const lines = platforms.map((one) => ({
      ...{ namespace, providerType: type, version, platform: one.key },
      ...{ outcome: 'failed' as const, bytes: 0, errorCode: code, message },
    }));
    await facts.lease.write(() => this.leases.addLines(facts.lease.token, lines));
    await this.alerts.raiseFor(facts.lease, facts.mirror, { namespace, type, version }, error);
  }

  /** A provider of which nothing could be fetched. */
  providerFailed({ facts }: SyncWork, name: ProviderName, error: unknown): void {
    this.log(error);
    facts.report.addFailure(name, error);
  }

  /** What an upstream took back: told once in a run. */
  async warn({ facts }: SyncWork, name: ProviderName, { kind, sentence }: ListingWarning): Promise<void> {
    if (!facts.report.addWarning(sentence)) return;
    await this.alerts.raise(facts.lease, facts.mirror, { ...name, kind, message: sentence });
  }

  private log(error: unknown): void {
    if (!(error instanceof DomainError))
      this.logger.error({ message: 'A part of a mirror run failed', err: error });
  }
}
