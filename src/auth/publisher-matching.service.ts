import { Injectable } from '@nestjs/common';
import type { PublishedFrom } from '../access/principal.js';
import { ServerConfig } from '../config/server.config.js';
import { TokenExchangeConfig } from '../config/token-exchange.config.js';
import { Namespaces } from '../orgs/namespaces.service.js';
import { Organizations } from '../orgs/organizations.service.js';
import { claimsMatch, textClaims, type TokenClaims } from './domain/publisher-claims.js';
import type { TrustedPublisher } from './domain/trusted-publisher.js';
import { TokenExchangeRefused } from './domain/trusted-publishers.errors.js';
import { IssuerKinds } from './issuer-kinds.js';
import { TrustedPublishersRepository } from './persistence/trusted-publishers.repository.js';

/** The publisher that a verified token speaks for, and where the token comes from. */
export interface MatchedPublisher {
  readonly publisher: TrustedPublisher;
  readonly publishedFrom: PublishedFrom;
}

/** Finds out for which trusted publisher an identity token speaks (threat A12). */
@Injectable()
export class PublisherMatching {
  constructor(
    private readonly publishers: TrustedPublishersRepository,
    private readonly kinds: IssuerKinds,
    private readonly namespaces: Namespaces,
    private readonly organizations: Organizations,
    private readonly config: TokenExchangeConfig,
    private readonly server: ServerConfig,
  ) {}

  /** Makes sure that somebody trusts exactly this issuer. Throws {@link TokenExchangeRefused}. */
  async requireIssuer(issuer: string): Promise<void> {
    if (!(await this.publishers.hasIssuer(issuer))) throw TokenExchangeRefused.unknownPublisher('issuer');
  }

  /**
   * The publisher whose claims a verified token carries. `audience` may name the organization, by id or name, for
   * pipelines that several organizations trust; without it the publisher that was made first counts. Throws
   * {@link TokenExchangeRefused}.
   */
  async choose(issuer: string, claims: TokenClaims, audience: string | undefined): Promise<MatchedPublisher> {
    const organizationId = await this.organizationOf(audience);
    const candidates = await this.publishers.listMatching(issuer, textClaims(claims), this.kinds.refClaims);
    const publisher = candidates.find(
      (one) =>
        (organizationId === undefined || one.organizationId === organizationId) &&
        claimsMatch(this.kinds.rulesOf(one.subjectKind), one.claims, claims),
    );
    if (publisher === undefined) throw TokenExchangeRefused.unknownPublisher('claims');
    const rules = this.kinds.rulesOf(publisher.subjectKind);
    if (rules.unsafeClaim(claims) !== undefined) throw TokenExchangeRefused.unknownPublisher('trigger');
    return { publisher, publishedFrom: rules.publishedFrom(issuer, claims) };
  }

  /**
   * The namespaces in which the publisher may act now: those that its organization owns, and free ones. Holds
   * the publisher until the transaction ends, so that it is neither deleted nor changed meanwhile. Throws
   * {@link TokenExchangeRefused} when nothing is left.
   */
  async holdNamespaces({ id, organizationId }: TrustedPublisher): Promise<string[]> {
    const held = await this.publishers.hold(id);
    const namespaces: string[] = [];
    for (const name of held?.namespaces ?? []) {
      const claim = await this.namespaces.find(name);
      if (claim === undefined || claim.organizationId === organizationId) namespaces.push(name);
    }
    if (namespaces.length === 0) throw TokenExchangeRefused.unknownPublisher('claims');
    return namespaces;
  }

  private async organizationOf(audience: string | undefined): Promise<string | undefined> {
    if (audience === undefined || audience === this.config.audience || audience === this.server.publicUrl)
      return undefined;
    const byId = await this.organizations.find(audience);
    if (byId !== undefined) return byId.id;
    return this.organizations.getByName(audience).then(
      ({ id }) => id,
      () => {
        throw TokenExchangeRefused.unknownPublisher('claims');
      },
    );
  }
}
