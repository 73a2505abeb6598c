import { InvalidVersion, InvalidVersionConstraint } from '../../kernel/terraform/terraform.errors.js';
import { VersionConstraint } from '../../kernel/terraform/version-constraint.js';
import { Version } from '../../kernel/terraform/version.js';
import { InvalidVersionFilter } from './mirror-settings.errors.js';
import { printable } from './printable.js';
import { compareUpstreamVersions, parseUpstreamVersion, type UpstreamVersion } from './upstream-version.js';

const MAX_LENGTH = 1024;
const LATEST = /^latest:([1-9][0-9]{0,3})$/;
const OPERATOR = /^[=!<>~]+/;
/** Up to two numbers and an optional `.` or `.x`, or one of these after up to two numbers. */
const PREFIX = /^v?([0-9]+(?:\.[0-9]+)?)(?:\.|\.x)?$/;
const EXAMPLES = 'write "latest:3", "3.x", ">= 3.0, < 4.0", or versions such as "3.1.0, 3.2.0"';

type Item = { readonly exact: string } | { readonly prefix: readonly number[] };

type Rule =
  | { readonly kind: 'all' }
  | { readonly kind: 'latest'; readonly count: number }
  | {
      readonly kind: 'constraint';
      readonly constraint: VersionConstraint;
      readonly named: ReadonlySet<string>;
    }
  | { readonly kind: 'list'; readonly items: readonly Item[] };

/** How a filter is meant. */
export interface VersionFilterOptions {
  /** Whether all, `latest:N`, prefixes and ordering terms want pre-releases too. */
  readonly withPrereleases?: boolean;
}

/**
 * Which versions a mirror wants (REST contract, section 20): all, `latest:N`, prefixes, a constraint, or a list of
 * versions and prefixes. Without `withPrereleases` pre-releases are wanted only when the filter names them exactly.
 */
export class VersionFilter {
  private constructor(
    /** As it was written, without space around it. */
    readonly text: string,
    private readonly rule: Rule,
    private readonly withPrereleases: boolean,
  ) {}

  /** Reads at most 1024 characters; nothing is "all". Throws {@link InvalidVersionFilter}. */
  static parse(
    given: string | null | undefined,
    { withPrereleases = false }: VersionFilterOptions = {},
  ): VersionFilter {
    const text = (given ?? '').trim();
    if (text === '') return new VersionFilter('', { kind: 'all' }, withPrereleases);
    if (text.length > MAX_LENGTH) throw new InvalidVersionFilter(`it has at most ${MAX_LENGTH} characters`);
    return new VersionFilter(text, readRule(text), withPrereleases);
  }

  /** Those of `versions` that are wanted, in their order. */
  select<T extends UpstreamVersion>(versions: readonly T[]): T[] {
    const { rule, withPrereleases } = this;
    if (rule.kind !== 'latest') return versions.filter((one) => wants(rule, one, withPrereleases));
    const counted = versions
      .filter((one) => withPrereleases || !one.version.isPrerelease)
      .sort(compareUpstreamVersions);
    const newest = new Set(counted.slice(-rule.count));
    return versions.filter((one) => newest.has(one));
  }
}

function readRule(text: string): Rule {
  if (/^latest/i.test(text)) {
    const count = LATEST.exec(text)?.[1];
    if (count === undefined) {
      throw new InvalidVersionFilter('write "latest:N" alone, with N from 1 to 9999, e.g. "latest:3"');
    }
    return { kind: 'latest', count: Number(count) };
  }
  const items = text.split(',').map((item) => item.trim());
  if (items.includes('')) throw new InvalidVersionFilter('there is an empty item between two commas');
  const withOperator = items.filter((item) => OPERATOR.test(item)).length;
  if (withOperator === 0) return { kind: 'list', items: items.map(readItem) };
  if (withOperator < items.length) {
    throw new InvalidVersionFilter(
      'it mixes terms with and without an operator; write an operator before each, e.g. "= 3.1.0", or before none',
    );
  }
  return readConstraint(text, items);
}

function readConstraint(text: string, items: readonly string[]): Rule {
  try {
    const constraint = VersionConstraint.parse(text);
    const named = items.map((item) => Version.parse(item.replace(OPERATOR, '').trim()).text);
    return { kind: 'constraint', constraint, named: new Set(named) };
  } catch (error) {
    if (error instanceof InvalidVersionConstraint || error instanceof InvalidVersion) {
      throw new InvalidVersionFilter(error.message.replace(/^Invalid [a-z ]+: /, ''));
    }
    throw error;
  }
}

function readItem(item: string): Item {
  const prefix = PREFIX.exec(item)?.[1];
  if (prefix !== undefined) {
    readVersion(prefix, item);
    return { prefix: prefix.split('.').map(Number) };
  }
  const bare = item.replace(/^v/, '').replace(/\.x$/, '');
  if (bare !== item.replace(/^v/, ''))
    throw new InvalidVersionFilter(`${printable(item)} cannot be read; ${EXAMPLES}`);
  const upstream = parseUpstreamVersion(bare);
  return { exact: upstream?.text ?? readVersion(bare, item).text };
}

function readVersion(text: string, item: string): Version {
  try {
    return Version.parse(text);
  } catch (error) {
    if (!(error instanceof InvalidVersion)) throw error;
    throw new InvalidVersionFilter(`${printable(item)} cannot be read; ${EXAMPLES}`);
  }
}

function wants(
  rule: Exclude<Rule, { kind: 'latest' }>,
  { text, version }: UpstreamVersion,
  withPrereleases: boolean,
): boolean {
  const isOrdinary = withPrereleases || !version.isPrerelease;
  if (rule.kind === 'all') return isOrdinary;
  if (rule.kind === 'constraint') {
    const isAllowed = rule.constraint.allows(version, { withPrereleases });
    return isAllowed && (isOrdinary || rule.named.has(version.text));
  }
  const numbers = [version.major, version.minor, version.patch];
  return rule.items.some((item) =>
    'exact' in item
      ? item.exact === text
      : isOrdinary && item.prefix.every((number, at) => number === numbers[at]),
  );
}
