import { Injectable } from '@nestjs/common';
import type { Principal } from '../access/principal.js';
import type { Scope } from '../access/scope.js';
import { AuditLog } from '../audit/audit-log.service.js';
import { FieldErrors } from '../kernel/field-errors.js';
import { foldNamespace } from '../kernel/terraform/namespace-name.js';
import { NamespaceNotYours } from '../orgs/domain/orgs.errors.js';
import { Namespaces } from '../orgs/namespaces.service.js';
import { CacheInvalidation } from '../platform/cache/cache-invalidation.js';
import { Transactions } from '../platform/database/transactions.js';
import {
  claimsProblem,
  type FixedClaims,
  SUBJECT_KINDS,
  type SubjectKind,
} from './domain/publisher-claims.js';
import {
  type NewTrustedPublisher,
  PUBLISHER_SCOPES,
  type TrustedPublisher,
} from './domain/trusted-publisher.js';
import { TrustedPublisherNotFound } from './domain/trusted-publishers.errors.js';
import { IssuerKinds } from './issuer-kinds.js';
import { TrustedPublishersRepository } from './persistence/trusted-publishers.repository.js';

const MAX_NAMESPACES = 50;
const MAX_ISSUER = 512;

/** A publisher as somebody describes it. */
export interface TrustedPublisherInput {
  readonly issuer: string;
  readonly subjectKind: string;
  readonly claims: FixedClaims;
  readonly namespaces: readonly string[];
  readonly scopes: readonly string[];
}

/**
 * Which pipelines may publish for an organization (REST contract 30.5). A publisher names the claims that its
 * identity tokens must carry; it is bound to namespaces of its organization and loses one that moves away.
 */
@Injectable()
export class TrustedPublishers {
  constructor(
    private readonly publishers: TrustedPublishersRepository,
    private readonly kinds: IssuerKinds,
    private readonly namespaces: Namespaces,
    private readonly transactions: Transactions,
    private readonly changes: CacheInvalidation,
    private readonly audit: AuditLog,
  ) {}

  /** The publishers of an organization, oldest first. */
  list(organizationId: string): Promise<TrustedPublisher[]> {
    return this.publishers.listOf(organizationId);
  }

  /**
   * Makes a publisher of an organization in which `principal` is an administrator. Throws `InvalidInput` for
   * claims that say too little, `NamespaceNotYours` for a namespace that the organization neither owns nor could
   * claim.
   */
  async create(
    principal: Principal,
    organizationId: string,
    input: TrustedPublisherInput,
  ): Promise<TrustedPublisher> {
    const publisher = this.read(organizationId, input);
    for (const namespace of publisher.namespaces) {
      const grant = await this.namespaces.grantPublish(
        principal,
        namespace,
        publisher.scopes[0]!,
        organizationId,
      );
      if (grant.organizationId !== organizationId) throw new NamespaceNotYours();
    }
    return this.transactions.run(async () => {
      const made = await this.publishers.add(publisher);
      await this.audit.record({
        resource: 'api_key',
        resourceId: made.id,
        organizationId,
        after: factsOf(made),
      });
      return made;
    });
  }

  /** Deletes a publisher; its tokens end with it, in every process. Throws {@link TrustedPublisherNotFound}. */
  async delete(organizationId: string, id: string): Promise<void> {
    await this.transactions.run(async () => {
      const removed = await this.publishers.remove(organizationId, id);
      if (removed === undefined) throw new TrustedPublisherNotFound();
      this.changes.announce('identity');
      await this.audit.record({
        resource: 'api_key',
        resourceId: id,
        organizationId,
        before: factsOf(removed),
      });
    });
  }

  /**
   * A namespace moved to another organization: the publishers of all others lose it, and so do their tokens
   * (threat C11). A publisher that has no namespace left ends. Belongs into the transaction of the move.
   */
  async unbind(namespace: string, newOwnerId: string): Promise<void> {
    const folded = foldNamespace(namespace);
    for (const before of await this.publishers.unbind(folded, newOwnerId)) {
      const namespaces = before.namespaces.filter((name) => foldNamespace(name) !== folded);
      this.changes.announce('identity');
      await this.audit.record({
        resource: 'api_key',
        resourceId: before.id,
        organizationId: before.organizationId,
        before: { namespaces: before.namespaces },
        after: { namespaces },
      });
    }
  }

  private read(organizationId: string, input: TrustedPublisherInput): NewTrustedPublisher {
    const errors = new FieldErrors();
    const { issuer, claims } = input;
    const scopes = PUBLISHER_SCOPES.filter((scope) => input.scopes.includes(scope));
    if (scopes.length === 0 || scopes.length < new Set(input.scopes).size)
      errors.add('scopes', `must be one or more of ${PUBLISHER_SCOPES.join(', ')}`);
    const byFolded = new Map(input.namespaces.map((name) => [foldNamespace(name), name]));
    if (byFolded.size === 0 || byFolded.size > MAX_NAMESPACES)
      errors.add('namespaces', `must be 1 to ${MAX_NAMESPACES} names`);
    const subjectKind = SUBJECT_KINDS.find((kind) => kind === input.subjectKind);
    if (subjectKind === undefined) errors.add('subject_kind', `must be one of ${SUBJECT_KINDS.join(', ')}`);
    else this.checkSubject(subjectKind, issuer, claims, errors);
    errors.throwIfAny('The trusted publisher cannot be created');
    return {
      organizationId,
      issuer,
      subjectKind: subjectKind!,
      claims,
      namespaces: [...byFolded.values()],
      scopes: scopes as Scope[],
    };
  }

  private checkSubject(kind: SubjectKind, issuer: string, claims: FixedClaims, errors: FieldErrors): void {
    const rules = this.kinds.rulesOf(kind);
    const issuerProblem = issuerFormProblem(issuer) ?? rules.issuerProblem(issuer);
    if (issuerProblem !== undefined) errors.add('issuer', issuerProblem);
    const problem = claimsProblem(rules, claims);
    if (problem !== undefined) errors.add('claims', problem);
  }
}

/** An issuer is compared as a text, so only the form in which tokens carry it is taken. */
function issuerFormProblem(issuer: string): string | undefined {
  const url = URL.canParse(issuer) && issuer.length <= MAX_ISSUER ? new URL(issuer) : undefined;
  const isPlain = url?.protocol === 'https:' && url.username === '' && url.password === '';
  if (!isPlain || /[?#\s\\]/.test(issuer) || (url.href !== issuer && url.href !== `${issuer}/`))
    return 'must be an https address as the tokens carry it, without user, query and fragment';
  return undefined;
}

function factsOf({ issuer, subjectKind, claims, namespaces, scopes }: TrustedPublisher) {
  return { issuer, subject_kind: subjectKind, claims, namespaces, scopes };
}
