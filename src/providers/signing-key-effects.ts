import { Injectable } from '@nestjs/common';
import { AuditLog } from '../audit/audit-log.service.js';
import { ProviderAddress } from '../kernel/terraform/provider-address.js';
import type { PublishGrant } from '../orgs/domain/publish-grant.js';
import type { SigningKey } from './domain/signing-key.js';
import type { QuarantinedVersion } from './persistence/signing-keys.repository.js';
import { ProviderDocuments } from './provider-documents.js';
import { ProviderQuarantine } from './provider-quarantine.js';

/** What follows from a change of signing keys, in its transaction: fresh documents, and a record. */
@Injectable()
export class SigningKeyEffects {
  constructor(
    private readonly documents: ProviderDocuments,
    private readonly quarantine: ProviderQuarantine,
    private readonly audit: AuditLog,
  ) {}

  /** A key was registered, or got a new armor. */
  async registered(grant: PublishGrant, key: Pick<SigningKey, 'id' | 'fingerprint'>): Promise<void> {
    await this.audit.record({
      resource: 'provider',
      resourceId: key.id,
      organizationId: grant.organizationId,
      metadata: { namespace: grant.namespace, key_fingerprint: key.fingerprint },
      after: { state: 'active' },
    });
  }

  /** A key was revoked, which put these versions into quarantine. */
  async revoked(
    grant: PublishGrant,
    before: SigningKey,
    after: Pick<SigningKey, 'revocationReason' | 'isCompromised'>,
    quarantined: readonly QuarantinedVersion[],
  ): Promise<void> {
    // Everything is locked in one order before single versions are rebuilt.
    for (const [type, versions] of Map.groupBy(quarantined, (one) => one.type)) {
      await this.quarantine.settle(
        type,
        versions.map(({ version }) => version),
      );
    }
    for (const { providerId, namespace, type, version, isDeleted } of quarantined) {
      if (isDeleted) continue;
      await this.documents.rebuild(providerId, ProviderAddress.parse({ namespace, type }), grant, version);
    }
    await this.audit.record({
      resource: 'provider',
      resourceId: before.id,
      organizationId: grant.organizationId,
      metadata: {
        namespace: grant.namespace,
        key_fingerprint: before.fingerprint,
        quarantined: quarantined.map(({ namespace, type, version }) => `${namespace}/${type} ${version}`),
      },
      before: stateOf(before),
      after: { state: 'revoked', reason: after.revocationReason, is_compromised: after.isCompromised },
    });
  }
}

function stateOf({ revokedAt, revocationReason, isCompromised }: SigningKey): Record<string, unknown> {
  return {
    state: revokedAt === null ? 'active' : 'revoked',
    reason: revocationReason,
    is_compromised: isCompromised,
  };
}
