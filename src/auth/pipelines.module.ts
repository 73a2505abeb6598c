import { Module, type OnModuleInit } from '@nestjs/common';
import { Namespaces } from '../orgs/namespaces.service.js';
import { OrgsModule } from '../orgs/orgs.module.js';
import { JobRegistry } from '../platform/jobs/job-registry.js';
import { Scheduler } from '../platform/jobs/scheduler.js';
import { azureDevopsClaims } from './adapters/ci/azure-devops-claims.js';
import { genericClaims } from './adapters/ci/generic-claims.js';
import { githubClaims } from './adapters/ci/github-claims.js';
import { gitlabClaims } from './adapters/ci/gitlab-claims.js';
import { ApiKeysModule } from './api-keys.module.js';
import { ExchangedKeys } from './exchanged-keys.service.js';
import { TokenExchangeController } from './http/token-exchange.controller.js';
import { TrustedPublishersApiController } from './http/trusted-publishers-api.controller.js';
import { IdentityTokenVerifier } from './identity-token-verifier.service.js';
import { IssuerKinds } from './issuer-kinds.js';
import { PurgeUsedTokensJob } from './jobs/purge-used-tokens.job.js';
import { TrustedPublisherNamespaceEntity } from './persistence/trusted-publisher-namespace.entity.js';
import { TrustedPublisherEntity } from './persistence/trusted-publisher.entity.js';
import { TrustedPublishersRepository } from './persistence/trusted-publishers.repository.js';
import { UsedTokenIdEntity } from './persistence/used-token-id.entity.js';
import { UsedTokenIdsRepository } from './persistence/used-token-ids.repository.js';
import { PublisherMatching } from './publisher-matching.service.js';
import { TokenExchange } from './token-exchange.service.js';
import { TrustedPublishers } from './trusted-publishers.service.js';

/**
 * Pipelines without stored secrets: trusted publishers, and the exchange of identity tokens for short-lived keys.
 * Routes: `/api/v1/organizations/{id}/trusted-publishers`, `/api/v1/auth/token-exchange`. Tables:
 * `trusted_publishers`, `trusted_publisher_namespaces`, `used_token_ids`. A namespace that moves takes itself
 * away from its publishers; once an hour a job forgets tokens that ended.
 */
@Module({
  imports: [ApiKeysModule, OrgsModule],
  controllers: [TrustedPublishersApiController, TokenExchangeController],
  providers: [
    ExchangedKeys,
    IdentityTokenVerifier,
    PublisherMatching,
    PurgeUsedTokensJob,
    TokenExchange,
    TrustedPublishers,
    TrustedPublishersRepository,
    UsedTokenIdsRepository,
    {
      provide: IssuerKinds,
      useFactory: () => new IssuerKinds([githubClaims, gitlabClaims, azureDevopsClaims, genericClaims]),
    },
  ],
})
export class PipelinesModule implements OnModuleInit {
  static readonly entities: Function[] = [
    TrustedPublisherEntity,
    TrustedPublisherNamespaceEntity,
    UsedTokenIdEntity,
  ];

  constructor(
    private readonly namespaces: Namespaces,
    private readonly publishers: TrustedPublishers,
    private readonly jobs: JobRegistry,
    private readonly scheduler: Scheduler,
    private readonly purge: PurgeUsedTokensJob,
  ) {}

  onModuleInit(): void {
    this.namespaces.onMove((namespace, _from, to) => this.publishers.unbind(namespace, to));
    this.jobs.register(this.purge);
    this.scheduler.schedule(this.purge.name, PurgeUsedTokensJob.EVERY_MS, this.purge);
  }
}
