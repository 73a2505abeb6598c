import { Injectable } from '@nestjs/common';
import type { PublishedFrom } from '../access/principal.js';
import type { Scope } from '../access/scope.js';
import { TokenExchangeConfig } from '../config/token-exchange.config.js';
import { Clock } from '../kernel/clock.js';
import { Transactions } from '../platform/database/transactions.js';
import { ApiKeys } from './api-keys.service.js';
import { TokenExchangeRefused } from './domain/trusted-publishers.errors.js';
import type { VerifiedToken } from './identity-token-verifier.service.js';
import { UsedTokenIdsRepository } from './persistence/used-token-ids.repository.js';
import { type MatchedPublisher, PublisherMatching } from './publisher-matching.service.js';

const MAX_NAME = 255;

/** A token that was given for the identity of a pipeline. `accessToken` is the only copy. */
export interface ExchangedToken {
  readonly accessToken: string;
  readonly expiresInSeconds: number;
  readonly scopes: readonly Scope[];
}

/** Makes the keys of pipelines; one identity token gives one key (threat A11). */
@Injectable()
export class ExchangedKeys {
  constructor(
    private readonly config: TokenExchangeConfig,
    private readonly publishers: PublisherMatching,
    private readonly keys: ApiKeys,
    private readonly used: UsedTokenIdsRepository,
    private readonly transactions: Transactions,
    private readonly clock: Clock,
  ) {}

  /**
   * Makes a key for a verified token. The use of the token and the key are one change: neither is stored without
   * the other. Throws {@link TokenExchangeRefused} for a token that was used before.
   */
  mint(token: VerifiedToken, match: MatchedPublisher, scopes: readonly Scope[]): Promise<ExchangedToken> {
    const { publisher, publishedFrom } = match;
    return this.transactions.run(async () => {
      if (!(await this.used.use(token.fingerprint, token.endsAt))) throw TokenExchangeRefused.replayed();
      const { key } = await this.keys.issueExchanged({
        organizationId: publisher.organizationId,
        publisherId: publisher.id,
        name: nameOf(publisher.subjectKind, publishedFrom),
        scopes,
        namespaces: await this.publishers.holdNamespaces(publisher),
        publishedFrom,
        expiresAt: new Date(this.clock.now().getTime() + this.config.ttlMs),
      });
      return { accessToken: key, expiresInSeconds: Math.floor(this.config.ttlMs / 1000), scopes };
    });
  }
}

/** Who did it, in records and beside what is published. */
function nameOf(kind: string, { repository }: PublishedFrom): string {
  return `${kind}: ${repository}`.slice(0, MAX_NAME);
}
