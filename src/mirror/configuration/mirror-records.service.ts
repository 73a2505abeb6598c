import { Injectable } from '@nestjs/common';
import { AuditLog } from '../../audit/audit-log.service.js';
import type { Mirror } from '../domain/mirror.js';
import { mirrorFacts } from './mirror-facts.js';
import { PulledNamespaces } from '../pull-through/pulled-namespaces.service.js';
import { PullThroughReaders } from '../pull-through/pull-through-readers.service.js';

/** A mirror before and after a change; `null` where there was, or is, none. */
export interface MirrorChangeFacts {
  readonly before: Mirror | null;
  readonly after: Mirror | null;
  readonly metadata?: Readonly<Record<string, unknown>>;
}

/** What belongs to every change of a mirror, in its transaction: the record, and who may ask for what is not here yet. */
@Injectable()
export class MirrorRecords {
  constructor(
    private readonly audit: AuditLog,
    private readonly readers: PullThroughReaders,
    private readonly pulled: PulledNamespaces,
  ) {}

  /** Throws `PullThroughElsewhere`, `NamespaceNotPullable`. */
  async changed({ before, after, metadata }: MirrorChangeFacts): Promise<void> {
    const mirror = after ?? before;
    if (mirror === null) return;
    for (const host of new Set([before?.upstreamHost, after?.upstreamHost])) {
      if (host !== undefined) await this.readers.settle(host);
    }
    await this.pulled.settle(before, after);
    await this.audit.record({
      resource: 'mirror',
      resourceId: mirror.id,
      organizationId: mirror.organizationId,
      ...(before && { before: mirrorFacts(before) }),
      ...(after && { after: mirrorFacts(after) }),
      ...(metadata && { metadata }),
    });
  }
}
