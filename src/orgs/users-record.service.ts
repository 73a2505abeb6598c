import { Injectable } from '@nestjs/common';
import { AuditLog } from '../audit/audit-log.service.js';
import type { AuditRecord } from '../audit/domain/audit-record.js';
import { CacheInvalidation } from '../platform/cache/cache-invalidation.js';
import type { User } from './domain/user.js';

/** Writes down what changes about a user, and makes every process look again. Belongs into the transaction. */
@Injectable()
export class UsersRecord {
  constructor(
    private readonly audit: AuditLog,
    private readonly changes: CacheInvalidation,
  ) {}

  /** One record of the change. Users belong to the platform, not to an organization. */
  async changed(
    { id }: Pick<User, 'id'>,
    change: Pick<AuditRecord, 'before' | 'after' | 'metadata' | 'actor'>,
  ): Promise<void> {
    await this.audit.record({ resource: 'user', resourceId: id, organizationId: null, ...change });
    this.changes.announce('identity');
  }

  /** One record for an organization that loses a member. */
  async left(
    organizationId: string,
    { id, email }: Pick<User, 'id' | 'email'>,
    roleTemplate: string | null,
  ): Promise<void> {
    await this.audit.record({
      resource: 'organization',
      resourceId: organizationId,
      organizationId,
      before: { member: email, role_template: roleTemplate },
      metadata: { user_id: id, reason: 'user deleted' },
    });
  }

  /** Somebody asked for what is so already. */
  nothingChanged(): void {
    this.audit.nothingChanged();
  }
}
