import { Injectable } from '@nestjs/common';
import { AuditLog } from '../audit/audit-log.service.js';
import { UserAuthority } from '../orgs/user-authority.service.js';
import { RequestContext } from '../platform/request-context/request-context.js';
import type { SessionMethod } from './domain/session.js';

/** What the audit log is told about sessions; call it in the transaction of the change. */
@Injectable()
export class SessionRecords {
  constructor(
    private readonly audit: AuditLog,
    private readonly users: UserAuthority,
  ) {}

  /** Somebody signed in, or was signed in by the principal of the request. */
  async started(sessionId: string, userId: string, method: SessionMethod): Promise<void> {
    await this.audit.record({
      resource: 'session',
      resourceId: sessionId,
      organizationId: null,
      after: { user_id: userId, method },
      ...(isAnonymous() && { actor: await this.actor(userId) }),
    });
  }

  /** A session was ended before its time. */
  async ended(sessionId: string, userId: string): Promise<void> {
    await this.audit.record({
      resource: 'session',
      resourceId: sessionId,
      organizationId: null,
      before: { user_id: userId },
      ...(isAnonymous() && { actor: await this.actor(userId) }),
    });
  }

  /** Several sessions of a user were ended at once. */
  async endedSeveral(userId: string, sessions: number): Promise<void> {
    await this.audit.record({
      resource: 'session',
      resourceId: null,
      organizationId: null,
      before: { user_id: userId },
      metadata: { ended_sessions: sessions },
    });
  }

  private async actor(userId: string) {
    const { value: user } = await this.users.of(userId);
    return { userId, name: user?.name ?? null, email: user?.email ?? null };
  }
}

/** Signing in and out are open to everybody; then the session says who it is. A job does what it does by itself. */
function isAnonymous(): boolean {
  const { principal, method } = RequestContext.current() ?? {};
  if (method === 'JOB') return false;
  return principal === undefined || principal.kind === 'anonymous';
}
