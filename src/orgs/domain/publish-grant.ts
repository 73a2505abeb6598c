import type { PublishedFrom } from '../../access/principal.js';
import type { Visibility } from './organization.js';

/** What a claim on a mirrored provider says beside its owner. */
export interface MirroredClaim {
  /** `namespace/type` */
  readonly address: string;
  /** Everybody may read it who may read anything here. */
  readonly isShared: boolean;
  /** When the mirror was made. */
  readonly since: Date;
}

/** What a grant says. */
export interface GrantFacts {
  readonly organizationId: string;
  readonly claimId: string;
  readonly namespace: string;
  readonly visibility: Visibility;
  readonly actor: { readonly userId: string | null; readonly name: string | null };
  /** From where a pipeline publishes; `null` for everybody else. */
  readonly publishedFrom: PublishedFrom | null;
  /** Set when the grant is about a mirrored provider, whose claim then has the name `host/namespace/type`. */
  readonly mirrored: MirroredClaim | null;
  /** The host of the upstream when a mirror brings something into a namespace of its own; `null` for everybody else. */
  readonly pulledFrom: string | null;
}

const ISSUE_TOKEN = Symbol('issues grants');
let isIssuerTaken = false;

/**
 * Proof that somebody may publish into a namespace, or change what is in it, now. Only
 * `namespaces.service.ts` can make one; services take it as a required argument, so no caller can forget the
 * check. It is for one request: never stored, never sent.
 */
export class PublishGrant implements GrantFacts {
  /** The organization that owns the namespace. */
  readonly organizationId: string;
  /** The claim, which `Namespaces.claim` stores when the namespace had no owner yet. */
  readonly claimId: string;
  /** In the spelling of the claim. */
  readonly namespace: string;
  readonly visibility: Visibility;
  /** Who does it, for the record. */
  readonly actor: { readonly userId: string | null; readonly name: string | null };
  readonly publishedFrom: PublishedFrom | null;
  readonly mirrored: MirroredClaim | null;
  readonly pulledFrom: string | null;

  private constructor(token: symbol, facts: GrantFacts) {
    if (token !== ISSUE_TOKEN) throw new TypeError('Grants are made by Namespaces only.');
    this.organizationId = facts.organizationId;
    this.claimId = facts.claimId;
    this.namespace = facts.namespace;
    this.visibility = facts.visibility;
    this.actor = facts.actor;
    this.publishedFrom = facts.publishedFrom;
    this.mirrored = facts.mirrored;
    this.pulledFrom = facts.pulledFrom;
    Object.freeze(this);
  }

  /** Gives the right to make grants, once in the life of the process, to `namespaces.service.ts`. */
  static takeIssuer(): (facts: GrantFacts) => PublishGrant {
    if (isIssuerTaken) throw new TypeError('Grants are made by Namespaces only.');
    isIssuerTaken = true;
    return (facts) => new PublishGrant(ISSUE_TOKEN, facts);
  }
}
