import type { ClaimRules, SubjectKind } from './domain/publisher-claims.js';

/** The claim rules of every kind of issuer. */
export class IssuerKinds {
  private readonly rules: ReadonlyMap<SubjectKind, ClaimRules>;

  constructor(rules: readonly ClaimRules[]) {
    this.rules = new Map(rules.map((one) => [one.kind, one]));
  }

  /** The claims that may have a wildcard with an issuer of some kind. */
  get refClaims(): readonly string[] {
    return [...this.rules.values()].flatMap(({ refClaims }) => refClaims);
  }

  /** The rules of one kind. */
  rulesOf(kind: SubjectKind): ClaimRules {
    const rules = this.rules.get(kind);
    if (rules === undefined) throw new TypeError(`There are no claim rules for ${kind}`);
    return rules;
  }
}
