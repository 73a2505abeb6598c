import { InvalidInput } from '../../kernel/invalid-input.js';
import { type DayRange, daysBefore, daysIn, isDay } from './day.js';

const DEFAULT_DAYS = 30;
const DIVISIONS = ['version', 'day', 'client', 'organization'] as const;
const TOP_KINDS = ['module', 'provider', 'consumer', 'client'] as const;
const FORMATS = ['json', 'csv'] as const;
const TOP = { limit: 10, maxLimit: 100 };

/** By what the downloads of something are divided. */
export type UsageDivision = (typeof DIVISIONS)[number];

/** Of what there are top lists. `consumer`: organizations that download. */
export type TopKind = (typeof TOP_KINDS)[number];

export type UsageFormat = (typeof FORMATS)[number];

/** A question about the downloads of one module or provider (REST contract 30.7). */
export interface UsageRequest {
  readonly range: DayRange;
  readonly by: UsageDivision;
  readonly format: UsageFormat;
}

/** A question about what is downloaded most. */
export interface TopRequest {
  readonly range: DayRange;
  readonly kind: TopKind;
  readonly limit: number;
  readonly format: UsageFormat;
}

/** Parameters as they came; an empty one counts as left out. */
export interface UsageQuery {
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly format?: string | undefined;
}

/** What decides about a range beside the parameters. */
export interface RangeLimits {
  /** The present day, in UTC. */
  readonly today: string;
  readonly maxDays: number;
}

/** Checks the parameters of a report. Throws {@link InvalidInput} that names all that is wrong. */
export function readUsageRequest(
  query: UsageQuery & { readonly by?: string | undefined },
  limits: RangeLimits,
): UsageRequest {
  const problems = new Map<string, string>();
  const range = readRange(query, limits, problems);
  const by = readChoice('by', query.by || 'version', DIVISIONS, problems);
  const format = readChoice('format', query.format || 'json', FORMATS, problems);
  refuse(problems);
  return { range, by, format };
}

/** Checks the parameters of a top list. Throws {@link InvalidInput} that names all that is wrong. */
export function readTopRequest(
  query: UsageQuery & { readonly kind?: string | undefined; readonly limit?: string | undefined },
  limits: RangeLimits,
): TopRequest {
  const problems = new Map<string, string>();
  const range = readRange(query, limits, problems);
  const kind = readChoice('kind', query.kind || 'module', TOP_KINDS, problems);
  const format = readChoice('format', query.format || 'json', FORMATS, problems);
  refuse(problems);
  return { range, kind, limit: readLimit(query.limit), format };
}

function readRange({ from, to }: UsageQuery, limits: RangeLimits, problems: Map<string, string>): DayRange {
  const { today, maxDays } = limits;
  const last = to || today;
  if (!isDay(last)) problems.set('to', `Give "to" as a day like ${today}`);
  const first = from || (isDay(last) ? daysBefore(last, Math.min(DEFAULT_DAYS, maxDays) - 1) : today);
  if (!isDay(first)) problems.set('from', `Give "from" as a day like ${today}`);
  if (problems.size > 0) return { from: today, to: today };
  const range = { from: first, to: last };
  if (first > last) problems.set('from', `"from" (${first}) must not be after "to" (${last})`);
  else if (daysIn(range) > maxDays) {
    problems.set('from', `Ask for at most ${maxDays} days at a time: move "from" or "to"`);
  }
  return range;
}

function readChoice<Choice extends string>(
  name: string,
  text: string,
  choices: readonly Choice[],
  problems: Map<string, string>,
): Choice {
  const choice = choices.find((one) => one === text);
  if (choice === undefined) problems.set(name, `Use one of these for "${name}": ${choices.join(', ')}`);
  return choice ?? choices[0]!;
}

/** REST contract 2.7: what is no number becomes the default, what is too large the maximum. */
function readLimit(text: string | undefined): number {
  const limit = text !== undefined && /^\d+$/.test(text) ? Number(text) : 0;
  return limit < 1 ? TOP.limit : Math.min(limit, TOP.maxLimit);
}

function refuse(problems: ReadonlyMap<string, string>): void {
  if (problems.size === 0) return;
  throw new InvalidInput([...problems.values()].join('. '), { fields: Object.fromEntries(problems) });
}
