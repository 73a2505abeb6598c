import { Injectable } from '@nestjs/common';
import { AuditLog } from '../audit/audit-log.service.js';
import type { ModuleAddress } from '../kernel/terraform/module-address.js';
import { lifeFacts } from '../kernel/terraform/version-life.js';
import type { PublishGrant } from '../orgs/domain/publish-grant.js';
import type { ModuleVersion } from './domain/module-version.js';

const MODULE_PULLED = 'mirror.module_pulled';

/** What the audit log says about modules; every call belongs into the transaction of the change. */
@Injectable()
export class ModuleRecords {
  constructor(private readonly audit: AuditLog) {}

  /** A module that was made, described or deleted as a whole. */
  async moduleChanged(
    grant: PublishGrant,
    address: ModuleAddress,
    moduleId: string,
    facts: { readonly after?: object; readonly versions?: readonly string[] },
  ): Promise<void> {
    await this.audit.record({
      resource: 'module',
      resourceId: moduleId,
      organizationId: grant.organizationId,
      metadata: { address: address.toString(), ...(facts.versions && { versions: facts.versions }) },
      ...(facts.after && { after: { ...facts.after } }),
    });
  }

  /** A version that was published or brought back, deprecated, withdrawn, quarantined, restored or deleted. */
  async versionChanged(
    grant: PublishGrant,
    address: ModuleAddress,
    before: ModuleVersion | null,
    after: ModuleVersion,
  ): Promise<void> {
    await this.audit.record({
      resource: 'module',
      resourceId: after.id,
      organizationId: grant.organizationId,
      metadata: {
        address: address.toString(),
        version: after.version,
        digest: after.digest,
        ...(grant.pulledFrom !== null && { pulled_from: grant.pulledFrom }),
      },
      ...(before && { before: lifeFacts(before) }),
      after: lifeFacts(after),
      // Who happens to ask first did not publish it.
      ...(grant.pulledFrom !== null && { action: MODULE_PULLED, actor: { ...grant.actor, email: null } }),
    });
  }

  /** Stored versions that are to be analyzed again; `organizationId` is `null` for the whole registry. */
  async reanalysisRequested(
    organizationId: string | null,
    selection: Readonly<Record<string, unknown>>,
  ): Promise<void> {
    await this.audit.record({ resource: 'module', resourceId: null, organizationId, metadata: selection });
  }

  /** The request found everything as it wants it. */
  nothingChanged(): void {
    this.audit.nothingChanged();
  }
}
