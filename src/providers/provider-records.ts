import { Injectable } from '@nestjs/common';
import { AuditLog } from '../audit/audit-log.service.js';
import type { AuditRecord } from '../audit/domain/audit-record.js';
import type { ProviderAddress } from '../kernel/terraform/provider-address.js';
import { lifeFacts } from '../kernel/terraform/version-life.js';
import type { PublishGrant } from '../orgs/domain/publish-grant.js';
import { RequestContext } from '../platform/request-context/request-context.js';
import type { IncomingPackage } from './domain/provider-release.js';
import type { ProviderVersion } from './domain/provider-version.js';

/** What the audit log says about providers; every call belongs into the transaction of the change. */
@Injectable()
export class ProviderRecords {
  constructor(private readonly audit: AuditLog) {}

  /** A provider that was deleted with these versions. */
  async providerDeleted(
    grant: PublishGrant,
    address: ProviderAddress,
    providerId: string,
    versions: readonly string[],
  ): Promise<void> {
    await this.audit.record({
      resource: 'provider',
      resourceId: providerId,
      organizationId: grant.organizationId,
      metadata: { address: fullAddress(address), versions },
      ...byJob(grant),
    });
  }

  /** A mirrored provider that is offered to nobody from now on, or again with `null`. */
  async heldBack(
    grant: PublishGrant,
    address: ProviderAddress,
    providerId: string,
    [before, after]: readonly [string | null, string | null],
  ): Promise<void> {
    await this.audit.record({
      resource: 'provider',
      resourceId: providerId,
      organizationId: grant.organizationId,
      metadata: { address: address.readers },
      before: { held_back_reason: before },
      after: { held_back_reason: after },
      ...byJob(grant),
    });
  }

  /** A version that was published, extended or changed in its life; `packages`: what came with it. */
  async versionChanged(
    grant: PublishGrant,
    address: ProviderAddress,
    before: ProviderVersion | null,
    after: ProviderVersion,
    packages: readonly IncomingPackage[] = [],
  ): Promise<void> {
    const sent = packages.map(({ os, arch, filename, digest }) => ({ os, arch, filename, digest }));
    await this.audit.record({
      resource: 'provider',
      resourceId: after.id,
      organizationId: grant.organizationId,
      metadata: {
        address: fullAddress(address),
        version: after.version,
        signed_by: after.signedBy,
        key_fingerprint: after.signingKeyFingerprint,
        ...(sent.length > 0 && { packages: sent }),
        ...(after.docsDigest !== null && { docs_digest: after.docsDigest }),
      },
      ...(before && { before: lifeFacts(before) }),
      after: lifeFacts(after),
      ...byJob(grant),
    });
  }

  /** Documentation that is to be made again; `organizationId` is `null` for the whole registry. */
  async reanalysisRequested(
    organizationId: string | null,
    selection: Readonly<Record<string, unknown>>,
  ): Promise<void> {
    await this.audit.record({ resource: 'provider', resourceId: null, organizationId, metadata: selection });
  }

  /** The request found everything as it wants it. */
  nothingChanged(): void {
    this.audit.nothingChanged();
  }
}

function fullAddress(address: ProviderAddress): string {
  return address.host === '' ? address.toString() : address.readers;
}

/** A mirror that works without a request says itself who it is. */
function byJob({ mirrored, actor }: PublishGrant): Pick<AuditRecord, 'actor'> {
  if (mirrored === null || actor.name === null || RequestContext.current() !== undefined) return {};
  return { actor: { ...actor, email: null } };
}
