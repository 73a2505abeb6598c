import { Injectable } from '@nestjs/common';
import type { Principal } from '../../access/principal.js';
import { AuditLog } from '../../audit/audit-log.service.js';
import { ProviderAddress } from '../../kernel/terraform/provider-address.js';
import { Transactions } from '../../platform/database/transactions.js';
import { MirroredVersionNotFound } from '../domain/retention.errors.js';
import { parseUpstreamVersion } from '../domain/upstream-version.js';
import { MirrorAccess } from '../configuration/mirror-access.service.js';
import { MirrorRetentionRepository } from '../persistence/mirror-retention.repository.js';

/** A version of a provider of a mirror, as a caller names it. */
export interface PinnedVersion {
  readonly namespace: string;
  readonly type: string;
  /** The exact text of the upstream. */
  readonly version: string;
}

/** Versions that no retention removes. */
@Injectable()
export class MirrorPins {
  constructor(
    private readonly access: MirrorAccess,
    private readonly repository: MirrorRetentionRepository,
    private readonly transactions: Transactions,
    private readonly audit: AuditLog,
  ) {}

  /**
   * Pins a version that the mirror has or has seen, or ends that; twice changes nothing. Throws `MirrorNotFound`,
   * `InvalidAddress`, {@link MirroredVersionNotFound}.
   */
  async set(principal: Principal, mirrorId: string, named: PinnedVersion, isPinned: boolean): Promise<void> {
    const mirror = await this.access.get(principal, mirrorId, 'mirrors:manage');
    const address = ProviderAddress.parse(named);
    if (parseUpstreamVersion(named.version) === undefined) throw new MirroredVersionNotFound();
    await this.transactions.run(async () => {
      const isChanged = await this.repository.setPinned(mirror.id, address, named.version, isPinned);
      if (isChanged === undefined) throw new MirroredVersionNotFound();
      if (!isChanged) return this.audit.nothingChanged();
      await this.audit.record({
        resource: 'mirror',
        resourceId: mirror.id,
        organizationId: mirror.organizationId,
        metadata: { provider: address.toString(), version: named.version },
        before: { is_pinned: !isPinned },
        after: { is_pinned: isPinned },
      });
    });
  }
}
