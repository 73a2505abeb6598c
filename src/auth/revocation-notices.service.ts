import { Injectable, type OnModuleInit } from '@nestjs/common';
import { NotificationsConfig } from '../config/notifications.config.js';
import { JobQueue } from '../platform/jobs/job-queue.js';
import { RequestContext } from '../platform/request-context/request-context.js';
import { ApiKeyRecords } from './api-key-records.service.js';
import { TELL_REVOKED_KEY } from './jobs/tell-revoked-key.job.js';
import type { KeyState } from './persistence/api-key-administration.repository.js';

/**
 * Sees to it that owners hear of keys that somebody else revoked, because a key was found where it should not be
 * (threat A10). The mail is a job of the same transaction, so neither a crash nor the mail server matters here.
 */
@Injectable()
export class RevocationNotices implements OnModuleInit {
  constructor(
    private readonly records: ApiKeyRecords,
    private readonly queue: JobQueue,
    private readonly config: NotificationsConfig,
  ) {}

  onModuleInit(): void {
    this.records.onRevocation((key) => this.note(key));
  }

  private async note({ id, userId }: KeyState): Promise<void> {
    if (!this.config.enabled || userId === null || userId === actingUserId()) return;
    await this.queue.enqueue(TELL_REVOKED_KEY, { keyId: id }, { key: `${TELL_REVOKED_KEY}:${id}` });
  }
}

/** Who acts; nobody for a command, with which a key is revoked by whoever has it. */
function actingUserId(): string | null {
  const { principal } = RequestContext.current() ?? {};
  return principal === undefined || principal.kind === 'anonymous' ? null : principal.userId;
}
