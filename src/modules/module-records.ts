import { Injectable } from '@nestjs/common';
import { AuditLog } from '../audit/audit-log.service.js';
import type { ModuleAddress } from '../kernel/terraform/module-address.js';
import type { PublishGrant } from '../orgs/domain/publish-grant.js';
import type { ModuleVersion } from './domain/module-version.js';

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

  /** A version that was published or brought back, deprecated, or deleted. */
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
      metadata: { address: address.toString(), version: after.version, digest: after.digest },
      ...(before && { before: lifeOf(before) }),
      after: lifeOf(after),
    });
  }

  /** The request found everything as it wants it. */
  nothingChanged(): void {
    this.audit.nothingChanged();
  }
}

function lifeOf({ state, deprecatedAt, deprecationMessage }: ModuleVersion): Record<string, unknown> {
  return { state, deprecated_at: deprecatedAt, deprecation_message: deprecationMessage };
}
