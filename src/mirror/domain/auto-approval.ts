import { InvalidVersionFilter } from './mirror-settings.errors.js';
import type { AutoApprovalRules } from './mirror.js';
import { parseUpstreamVersion, type UpstreamVersion } from './upstream-version.js';
import { VersionFilter } from './version-filter.js';

const DAY_MS = 86_400_000;

/** What the rules say about one version before it is fetched. */
export type AutoApproval =
  | { readonly isApproved: true; readonly needsKnownKey: boolean }
  | { readonly isApproved: false; readonly because: string };

/** A version, and what is known of it and of its provider. */
export interface AutoApprovalSubject {
  /** The exact text of the upstream. */
  readonly version: string;
  /** How long ago it was seen for the first time, in milliseconds. */
  readonly ageMs: number;
  /** Versions of the provider that are here. */
  readonly heldVersions: readonly string[];
}

/** Whether any rule is set: no rule approves nothing. */
export function hasRules(rules: AutoApprovalRules | null): rules is AutoApprovalRules {
  return rules !== null && isAnySet(rules);
}

/** Whether the rules of a mirror approve a version instead of a person. Every rule that is set must hold. */
export function autoApprovalOf(rules: AutoApprovalRules | null, subject: AutoApprovalSubject): AutoApproval {
  const no = (because: string): AutoApproval => ({ isApproved: false, because });
  if (!hasRules(rules)) return no('the mirror has no rules that approve it');
  const version = parseUpstreamVersion(subject.version);
  if (version === undefined) return no('its version cannot be read');
  const held = subject.heldVersions.map(parseUpstreamVersion).filter((one) => one !== undefined);
  const { patchOnly, versionConstraint = '', minAgeDays = 0, signedByTrustedKey = false } = rules;
  if (patchOnly && !held.some((one) => isPatchOf(version, one))) {
    return no('no version with the same major and minor number is here');
  }
  if (versionConstraint !== '' && !isWanted(versionConstraint, version, held)) {
    return no(`it does not match ${versionConstraint}`);
  }
  if (subject.ageMs < minAgeDays * DAY_MS) {
    return no(`it was first seen less than ${minAgeDays} ${minAgeDays === 1 ? 'day' : 'days'} ago`);
  }
  return { isApproved: true, needsKnownKey: signedByTrustedKey };
}

function isAnySet({
  signedByTrustedKey,
  patchOnly,
  versionConstraint,
  minAgeDays,
}: AutoApprovalRules): boolean {
  return (
    signedByTrustedKey === true ||
    patchOnly === true ||
    (versionConstraint ?? '') !== '' ||
    (minAgeDays ?? 0) > 0
  );
}

function isPatchOf({ version: one }: UpstreamVersion, { version: other }: UpstreamVersion): boolean {
  return one.major === other.major && one.minor === other.minor;
}

/** A filter that cannot be read wants nothing; `latest:N` counts what is here too. */
function isWanted(filter: string, version: UpstreamVersion, held: readonly UpstreamVersion[]): boolean {
  try {
    return VersionFilter.parse(filter)
      .select([version, ...held])
      .includes(version);
  } catch (error) {
    if (error instanceof InvalidVersionFilter) return false;
    throw error;
  }
}
