import { Injectable } from '@nestjs/common';
import type { IdentifiedPrincipal } from '../../access/principal.js';
import { AuditLog } from '../../audit/audit-log.service.js';
import { Transactions } from '../../platform/database/transactions.js';
import { MirroredVersionNotSeen } from '../domain/mirror-decisions.errors.js';
import type { ProviderName } from '../domain/name-filter.js';
import { MirrorAccess } from '../configuration/mirror-access.service.js';
import {
  MirroredVersionReleasesRepository,
  type ReleasedVersion,
} from '../persistence/mirrored-version-releases.repository.js';

/** Lets versions through before their cool-down is over. */
@Injectable()
export class MirroredVersionRelease {
  constructor(
    private readonly transactions: Transactions,
    private readonly mirrors: MirrorAccess,
    private readonly releases: MirroredVersionReleasesRepository,
    private readonly audit: AuditLog,
  ) {}

  /**
   * The next run of the mirror fetches the version, if policies and approvals let it. A second time changes nothing.
   * Throws `InvalidInput`, `MirrorNotFound`, `OrganizationScopeMissing`, {@link MirroredVersionNotSeen}.
   */
  async release(
    principal: IdentifiedPrincipal,
    mirrorId: string,
    wanted: ProviderName & { readonly version: string; readonly reason: string },
  ): Promise<ReleasedVersion> {
    const mirror = await this.mirrors.get(principal, mirrorId, 'admin');
    const { namespace, type, version, reason } = wanted;
    return this.transactions.run(async () => {
      const known = await this.releases.lock(mirror.id, { namespace, type }, version);
      if (known === null) throw new MirroredVersionNotSeen();
      if (known.releasedAt !== null) {
        this.audit.nothingChanged();
        return { ...known, releasedAt: known.releasedAt };
      }
      const releasedAt = await this.releases.release(known.id, principal.userId);
      await this.audit.record({
        resource: 'mirror',
        resourceId: mirror.id,
        organizationId: mirror.organizationId,
        metadata: {
          mirror: mirror.name,
          provider_namespace: namespace,
          provider_name: type,
          version,
          reason,
          first_seen_at: known.firstSeenAt.toISOString(),
          cool_down_days: mirror.coolDownDays,
        },
      });
      return { ...known, releasedAt };
    });
  }
}
