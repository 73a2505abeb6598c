import { compareUpstreamVersions, parseUpstreamVersion, type UpstreamVersion } from './upstream-version.js';

/** What a mirror keeps of each provider. With neither rule it keeps everything. */
export interface RetentionRules {
  /** So many newest versions by precedence. */
  readonly keepVersions: number | null;
  /** What was downloaded, or came here, in the last so many days (UTC). */
  readonly keepUsedDays: number | null;
}

/** What retention knows of a version that is here. */
export interface RetainedVersion {
  /** The exact text of the upstream. */
  readonly version: string;
  readonly isPinned: boolean;
  /** The last day on which it came here or was downloaded, as `YYYY-MM-DD` in UTC. */
  readonly lastUsedOn: string;
}

/** Why a version stays. */
export type KeptBecause = 'no-rule' | 'pinned' | 'newest' | 'used' | 'only' | 'unreadable';

/** What becomes of the versions of one provider; both lists newest first. */
export interface RetentionPlan<T extends RetainedVersion> {
  readonly kept: readonly (T & { readonly because: KeptBecause })[];
  readonly removed: readonly T[];
}

/**
 * Decides which versions of one provider go. With several mirrors of one provider a version goes only when each lets it
 * go. What is pinned stays, and so does the newest version when nothing else would. `today` is a day in UTC. Pure.
 */
export function planRetention<T extends RetainedVersion>(
  versions: readonly T[],
  mirrors: readonly RetentionRules[],
  today: string,
): RetentionPlan<T> {
  const sorted = newestFirst(versions);
  const judged = sorted.map((one, rank) => ({ one, because: reasonToKeep(one, rank, mirrors, today) }));
  if (judged.length > 0 && judged.every(({ because }) => because === undefined)) judged[0]!.because = 'only';
  return {
    kept: judged.flatMap(({ one, because }) => (because === undefined ? [] : [{ ...one, because }])),
    removed: judged.filter(({ because }) => because === undefined).map(({ one }) => one),
  };
}

/** What is known of versions that a run may fetch. */
export interface RememberedVersion {
  readonly isPinned: boolean;
  /** Retention removed it, and nobody brought it back since. */
  readonly isRetired: boolean;
}

/**
 * Those of `wanted` that a run fetches: not what retention would remove again at once, and not what it has removed. A
 * newest version counts among what is wanted and what is here. Pure.
 */
export function worthFetching<T extends UpstreamVersion>(
  wanted: readonly T[],
  held: readonly string[],
  remembered: ReadonlyMap<string, RememberedVersion>,
  { keepVersions, keepUsedDays }: RetentionRules,
): T[] {
  if (keepVersions === null && keepUsedDays === null) return [...wanted];
  const isHeld = new Set(held);
  const candidates = new Map<string, UpstreamVersion>();
  for (const one of [...wanted, ...held.map(parseUpstreamVersion)]) {
    if (one !== undefined) candidates.set(one.text, one);
  }
  const ranked = [...candidates.values()].sort((left, right) => compareUpstreamVersions(right, left));
  const newest = new Set(ranked.slice(0, keepVersions ?? 0).map(({ text }) => text));
  return wanted.filter(({ text }) => {
    const known = remembered.get(text);
    // A platform that is missing of a version that is here stays wanted as long as the version is here.
    if (isHeld.has(text) || known?.isPinned === true || newest.has(text)) return true;
    return keepVersions === null && known?.isRetired !== true;
  });
}

function reasonToKeep(
  one: RetainedVersion,
  rank: number,
  mirrors: readonly RetentionRules[],
  today: string,
): KeptBecause | undefined {
  if (one.isPinned) return 'pinned';
  if (mirrors.length === 0) return 'no-rule';
  if (parseUpstreamVersion(one.version) === undefined) return 'unreadable';
  for (const { keepVersions, keepUsedDays } of mirrors) {
    if (keepVersions === null && keepUsedDays === null) return 'no-rule';
    if (keepVersions !== null && rank < keepVersions) return 'newest';
    if (keepUsedDays !== null && daysSince(one.lastUsedOn, today) < keepUsedDays) return 'used';
  }
  return undefined;
}

/** Versions that cannot be read stand last, and are never removed. */
function newestFirst<T extends RetainedVersion>(versions: readonly T[]): T[] {
  const read = versions.map((one) => ({ one, parsed: parseUpstreamVersion(one.version) }));
  const unreadable = read.filter(({ parsed }) => parsed === undefined).map(({ one }) => one);
  const readable = read
    .flatMap(({ one, parsed }) => (parsed === undefined ? [] : [{ one, parsed }]))
    .sort((left, right) => compareUpstreamVersions(right.parsed, left.parsed));
  return [...readable.map(({ one }) => one), ...unreadable];
}

function daysSince(day: string, today: string): number {
  return (Date.parse(today) - Date.parse(day)) / 86_400_000;
}
