import { Injectable, Logger } from '@nestjs/common';
import { TokenExchangeConfig } from '../config/token-exchange.config.js';
import { Metrics } from '../platform/metrics/metrics.js';
import { exchangedScopes, readExchangeRequest } from './domain/exchange-request.js';
import { TokenExchangeRefused } from './domain/trusted-publishers.errors.js';
import { type ExchangedToken, ExchangedKeys } from './exchanged-keys.service.js';
import { IdentityTokenVerifier } from './identity-token-verifier.service.js';
import { PublisherMatching } from './publisher-matching.service.js';

/** Exchanges the identity token of a pipeline for a short-lived key (REST contract 30.5, threats A11 and A12). */
@Injectable()
export class TokenExchange {
  private readonly logger = new Logger('TokenExchange');

  constructor(
    private readonly config: TokenExchangeConfig,
    private readonly verifier: IdentityTokenVerifier,
    private readonly publishers: PublisherMatching,
    private readonly keys: ExchangedKeys,
    private readonly metrics: Metrics,
  ) {}

  /**
   * Gives a key for the fields of an RFC 8693 request, and counts how that ended. Throws
   * {@link TokenExchangeRefused}; `IssuerUnavailable` when the keys of the issuer cannot be read.
   */
  async exchange(form: unknown): Promise<ExchangedToken> {
    try {
      const token = await this.exchanged(form);
      this.metrics.countTokenExchange('issued');
      return token;
    } catch (error) {
      const isRefused = error instanceof TokenExchangeRefused;
      this.metrics.countTokenExchange(isRefused ? error.reason : 'failed');
      if (isRefused) this.logger.log(`An exchange was refused: ${error.reason}`);
      throw error;
    }
  }

  private async exchanged(form: unknown): Promise<ExchangedToken> {
    if (!this.config.enabled) throw TokenExchangeRefused.disabled();
    const request = readExchangeRequest(form);
    const issuer = this.verifier.issuerOf(request.subjectToken);
    // Before anything else: nobody is asked for keys but issuers that somebody trusts.
    await this.publishers.requireIssuer(issuer);
    const token = await this.verifier.verify(request.subjectToken, issuer);
    const match = await this.publishers.choose(issuer, token.claims, request.audience);
    return this.keys.mint(token, match, exchangedScopes(match.publisher.scopes, request.scopes));
  }
}
