import { Module, type OnModuleInit } from '@nestjs/common';
import { NotificationsConfig } from '../config/notifications.config.js';
import { OrgsModule } from '../orgs/orgs.module.js';
import { CryptoModule } from '../platform/crypto/crypto.module.js';
import { JobRegistry } from '../platform/jobs/job-registry.js';
import { Scheduler } from '../platform/jobs/scheduler.js';
import { MailModule } from '../platform/mail/mail.module.js';
import { ApiKeyAdministration } from './api-key-administration.service.js';
import { ApiKeyGrants } from './api-key-grants.service.js';
import { ApiKeyIssuing } from './api-key-issuing.service.js';
import { ApiKeyRecords } from './api-key-records.service.js';
import { ApiKeys } from './api-keys.service.js';
import { ApiKeysApiController } from './http/api-keys-api.controller.js';
import { PurgeExpiredJob } from './jobs/purge-expired.job.js';
import { TellRevokedKeyJob } from './jobs/tell-revoked-key.job.js';
import { WarnExpiringKeysJob } from './jobs/warn-expiring-keys.job.js';
import { KeyDigests } from './key-digests.service.js';
import { KeyLookup } from './key-lookup.service.js';
import { KeyUsage } from './key-usage.service.js';
import { ApiKeyAdministrationRepository } from './persistence/api-key-administration.repository.js';
import { ApiKeyEntity } from './persistence/api-key.entity.js';
import { ApiKeyLifeRepository } from './persistence/api-key-life.repository.js';
import { ApiKeysRepository } from './persistence/api-keys.repository.js';
import { RevocationNotices } from './revocation-notices.service.js';

const HOUR_MS = 3_600_000;

/**
 * API keys: as credentials, and as what people manage under `/api/v1/apikeys`. Table `api_keys`. Jobs warn owners
 * before their keys expire, tell them when somebody else revoked one, and remove keys that ended long ago. Needs the global configuration, database, cache,
 * audit, metrics and job modules.
 */
@Module({
  imports: [OrgsModule, CryptoModule, MailModule],
  controllers: [ApiKeysApiController],
  providers: [
    ApiKeyAdministration,
    ApiKeyAdministrationRepository,
    ApiKeyGrants,
    ApiKeyIssuing,
    ApiKeyLifeRepository,
    ApiKeyRecords,
    ApiKeys,
    ApiKeysRepository,
    KeyDigests,
    KeyLookup,
    KeyUsage,
    PurgeExpiredJob,
    RevocationNotices,
    TellRevokedKeyJob,
    WarnExpiringKeysJob,
  ],
  exports: [ApiKeyAdministration, ApiKeys],
})
export class ApiKeysModule implements OnModuleInit {
  static readonly entities: Function[] = [ApiKeyEntity];

  constructor(
    private readonly jobs: JobRegistry,
    private readonly scheduler: Scheduler,
    private readonly purge: PurgeExpiredJob,
    private readonly warn: WarnExpiringKeysJob,
    private readonly tell: TellRevokedKeyJob,
    private readonly notifications: NotificationsConfig,
  ) {}

  onModuleInit(): void {
    this.jobs.register(this.purge);
    this.scheduler.schedule(this.purge.name, PurgeExpiredJob.EVERY_MS, this.purge);
    this.jobs.register(this.warn);
    this.jobs.register(this.tell);
    if (!this.notifications.enabled) return;
    this.scheduler.schedule(this.warn.name, this.notifications.checkIntervalHours * HOUR_MS, this.warn);
  }
}
