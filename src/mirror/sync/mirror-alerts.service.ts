import { Injectable, Logger } from '@nestjs/common';
import { AuditLog } from '../../audit/audit-log.service.js';
import { Metrics } from '../../platform/metrics/metrics.js';
import { MirrorFailure } from '../domain/mirror.errors.js';
import type { Mirror } from '../domain/mirror.js';
import type { ProviderName } from '../domain/name-filter.js';
import type { MirrorSyncLease } from './mirror-sync-lease.js';

/** Failures after which somebody has to look: the upstream sends something else than it should. */
const ALARMING: ReadonlySet<string> = new Set([
  'package_digest_mismatch',
  'package_misdescribed',
  'package_unusable',
  'release_checksums_invalid',
  'release_digests_disagree',
  'release_key_not_trusted',
  'release_key_revoked',
  'release_mutated',
  'release_signature_invalid',
  'release_unsigned',
  'upstream_not_found',
]);

/** Something that somebody should look at. */
export interface MirrorAlert extends ProviderName {
  /** A constant. */
  readonly kind: string;
  readonly version?: string;
  /** One sentence that is safe to show. */
  readonly message: string;
}

/** Tells people what an upstream does that it should not: in the log, the audit log, and a counter (threats F1–F4). */
@Injectable()
export class MirrorAlerts {
  private readonly logger = new Logger('Mirror');

  constructor(
    private readonly audit: AuditLog,
    private readonly metrics: Metrics,
  ) {}

  /** Raises one alert, under the lease of a run. */
  async raise(lease: MirrorSyncLease, mirror: Mirror, alert: MirrorAlert): Promise<void> {
    const { kind, namespace, type, version, message } = alert;
    const { id, name, organizationId, upstreamHost } = mirror;
    const provider = `${upstreamHost}/${namespace}/${type}`;
    await lease.write(() =>
      this.audit.record({
        resource: 'mirror',
        resourceId: id,
        organizationId,
        action: 'mirror.alert',
        metadata: { alert: kind, mirror: name, provider, version, message },
      }),
    );
    this.metrics.countMirrorAlert(kind);
    this.logger.warn({
      message: 'The upstream of a mirror sends something else than it should; what is here is kept',
      alert: kind,
      mirror: id,
      provider,
    });
  }

  /** Raises an alert for a failure that is one. */
  async raiseFor(
    lease: MirrorSyncLease,
    mirror: Mirror,
    about: ProviderName & { readonly version: string },
    error: unknown,
  ): Promise<void> {
    if (!(error instanceof MirrorFailure) || !ALARMING.has(error.code)) return;
    const { namespace, type, version } = about;
    await this.raise(lease, mirror, { namespace, type, version, kind: error.code, message: error.message });
  }
}
