import type { PublishedFrom } from '../../access/principal.js';

/** The kinds of issuers whose rules are known; `generic` is every other one (REST contract 30.5). */
export const SUBJECT_KINDS = ['github', 'gitlab', 'azuredevops', 'generic'] as const;

export type SubjectKind = (typeof SUBJECT_KINDS)[number];

/** The claims of an identity token whose signature, issuer, audience and times are verified. */
export type TokenClaims = Readonly<Record<string, unknown>>;

/** The claims that a trusted publisher fixes, each with the only text it may have. */
export type FixedClaims = Readonly<Record<string, string>>;

/** What is known about the tokens of one kind of issuer. Pure: nothing is asked and nothing is stored. */
export interface ClaimRules {
  readonly kind: SubjectKind;
  /** Why no publisher of this kind can have this issuer; `undefined` when it can. */
  issuerProblem(issuer: string): string | undefined;
  /** Why these claims say too little about who publishes; `undefined` when they are enough. */
  problem(fixed: FixedClaims): string | undefined;
  /** The claims that may end in `*` after the beginning of a branch or tag name. */
  readonly refClaims: readonly string[];
  /** The claim that shows that code of somebody else may have asked for the token; `undefined` when none does. */
  unsafeClaim(claims: TokenClaims): string | undefined;
  /** Where the run comes from, for the record of what it publishes. */
  publishedFrom(issuer: string, claims: TokenClaims): PublishedFrom;
}

const MAX_CLAIMS = 20;
const MAX_VALUE = 512;
const CLAIM_NAME = /^[A-Za-z][A-Za-z0-9_./:-]{0,127}$/;
/** They differ from token to token, or are checked for every token anyway. */
const NEVER_FIXED: ReadonlySet<string> = new Set(['iss', 'aud', 'exp', 'nbf', 'iat', 'jti']);
/** A whole text, or a branch or tag of which the beginning is given. */
const REF_BEGINNING = /^(?:[^*]*@)?refs\/(?:heads|tags)\/[^*]*\*$/;

/** Why `fixed` cannot be the claims of a publisher; `undefined` when they can. */
export function claimsProblem(rules: ClaimRules, fixed: FixedClaims): string | undefined {
  const entries = Object.entries(fixed);
  if (entries.length > MAX_CLAIMS) return `at most ${MAX_CLAIMS} claims can be fixed`;
  for (const [name, value] of entries) {
    if (!CLAIM_NAME.test(name)) return 'a claim has a name that no issuer uses';
    if (NEVER_FIXED.has(name)) return `${name} cannot be fixed, it is checked for every token`;
    if (!isFixedText(value)) return `${name} must be a text of 1 to ${MAX_VALUE} characters`;
    if (value.includes('*') && !(rules.refClaims.includes(name) && REF_BEGINNING.test(value)))
      return `${name} must be fixed exactly; only ${refsOf(rules)} may end in *, after refs/heads/ or refs/tags/`;
  }
  return rules.problem(fixed);
}

/** Whether the token carries exactly what the publisher fixes, every claim as a text. */
export function claimsMatch(rules: ClaimRules, fixed: FixedClaims, claims: TokenClaims): boolean {
  return Object.entries(fixed).every(([name, wanted]) => {
    const value = Object.hasOwn(claims, name) ? claims[name] : undefined;
    if (typeof value !== 'string') return false;
    if (!wanted.endsWith('*') || !rules.refClaims.includes(name)) return value === wanted;
    return value.startsWith(wanted.slice(0, -1)) && value.length >= wanted.length;
  });
}

/** The claims of a token that a publisher could fix: those that are texts. */
export function textClaims(claims: TokenClaims): FixedClaims {
  const isText = ([, value]: [string, unknown]) => isFixedText(value) && value.isWellFormed();
  return Object.fromEntries(Object.entries(claims).filter(isText)) as Record<string, string>;
}

/** A claim as a text; `null` when it is absent, empty, no text or too long to be recorded. */
export function textClaim(claims: TokenClaims, name: string): string | null {
  const value = Object.hasOwn(claims, name) ? claims[name] : undefined;
  return typeof value === 'string' && value !== '' && value.length <= MAX_VALUE ? value : null;
}

/** The first of these claims that `fixed` lacks or that has not the form of `pattern`. */
export function missingClaim(
  fixed: FixedClaims,
  names: readonly string[],
  pattern: RegExp,
): string | undefined {
  return names.find((name) => !pattern.test(fixed[name] ?? ''));
}

/** Whether at least one of these claims is fixed. */
export function fixesOne(fixed: FixedClaims, names: readonly string[]): boolean {
  return names.some((name) => Object.hasOwn(fixed, name));
}

function isFixedText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= MAX_VALUE && /^[^\x00-\x1f\x7f]+$/.test(value);
}

function refsOf({ refClaims }: ClaimRules): string {
  return refClaims.length === 0 ? 'claims of refs' : refClaims.join(' and ');
}
