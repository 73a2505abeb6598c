import { Module, type OnModuleInit } from '@nestjs/common';
import { OrgsModule } from '../orgs/orgs.module.js';
import { CryptoModule } from '../platform/crypto/crypto.module.js';
import { SealedColumns } from '../platform/crypto/sealed-columns.service.js';
import { JobRegistry } from '../platform/jobs/job-registry.js';
import { Scheduler } from '../platform/jobs/scheduler.js';
import { AccessTokens } from './access-tokens.service.js';
import { BrowserToken } from './browser-token.service.js';
import { CrossSiteCheck } from './cross-site-check.js';
import { SessionCookies } from './http/session-cookies.js';
import { PurgeSessionsJob } from './jobs/purge-sessions.job.js';
import { SessionEntity } from './persistence/session.entity.js';
import { SessionsRepository } from './persistence/sessions.repository.js';
import { SESSION_ID_TOKENS } from './session-id-tokens.js';
import { SESSION_REFRESH_TOKENS } from './session-refresh-tokens.js';
import { SessionLookup } from './session-lookup.service.js';
import { SessionRecords } from './session-records.service.js';
import { SessionUsage } from './session-usage.service.js';
import { Sessions } from './sessions.service.js';

/**
 * Browser sessions, their cookies and access tokens. No routes. Table `sessions`. Needs the global configuration, database, audit
 * and job modules; once an hour a job removes what ended by itself.
 */
@Module({
  imports: [OrgsModule, CryptoModule],
  providers: [
    AccessTokens,
    BrowserToken,
    CrossSiteCheck,
    PurgeSessionsJob,
    SessionCookies,
    SessionLookup,
    SessionRecords,
    Sessions,
    SessionsRepository,
    SessionUsage,
  ],
  exports: [AccessTokens, BrowserToken, CrossSiteCheck, SessionCookies, Sessions],
})
export class SessionsModule implements OnModuleInit {
  static readonly entities: Function[] = [SessionEntity];

  constructor(
    private readonly jobs: JobRegistry,
    private readonly scheduler: Scheduler,
    private readonly purge: PurgeSessionsJob,
    private readonly sealed: SealedColumns,
  ) {}

  onModuleInit(): void {
    this.sealed.register(SESSION_ID_TOKENS);
    this.sealed.register(SESSION_REFRESH_TOKENS);
    this.jobs.register(this.purge);
    this.scheduler.schedule(this.purge.name, PurgeSessionsJob.EVERY_MS, this.purge);
  }
}
