import type { Principal } from '../../../src/access/principal.js';
import type { Visibility } from '../../../src/orgs/domain/organization.js';
import type { SearchRequest } from '../../../src/search/search-request.js';
import type { FixtureDocument } from './search-fixture.js';

/** What a search should find, found by looking at every row. */
export interface ModelResult {
  readonly ids: readonly string[];
  readonly total: number;
  readonly facets: Readonly<Record<string, readonly { value: string; count: number }[]>>;
}

export interface ModelWorld {
  readonly rows: readonly FixtureDocument[];
  readonly visibilities: ReadonlyMap<string, Visibility>;
  readonly isOpen: boolean;
}

const fold = (name: string): string => name.toLowerCase().replaceAll('_', '-');
const tokens = (text: string): string[] => text.split(/[^\p{L}\p{N}]+/u).filter((word) => word !== '');
const lower = (text: string): string => text.normalize('NFKC').toLowerCase();
const FILLERS = ['the', 'and', 'for', 'a'];

const headOf = ({ namespace, name, system, description }: FixtureDocument): string =>
  lower(
    `${system === null ? `${namespace}/${name}` : `${namespace}/${name}/${system}`} ${description ?? ''}`,
  );
const bodyOf = ({ texts }: FixtureDocument): string[] =>
  tokens(lower(texts.join('\n'))).filter((word) => word.length > 1 && !FILLERS.includes(word));

/** Whether a caller may see a row (REST contract 3.6). */
export function isSeen(
  { visibilities, isOpen }: ModelWorld,
  principal: Principal,
  row: FixtureDocument,
): boolean {
  const visibility = visibilities.get(row.namespace) ?? null;
  if (visibility === 'public' || (visibility === null && isOpen)) return true;
  if (principal.kind !== 'api-key') return false;
  if (principal.namespaces !== null && !principal.namespaces.includes(fold(row.namespace))) return false;
  if (principal.authority.isPlatformAdmin) return true;
  const scopes = principal.authority.organizations.get(row.organizationId) ?? [];
  return scopes.includes(row.kind === 'module' ? 'modules:read' : 'providers:read');
}

function isWanted(row: FixtureDocument, request: SearchRequest): boolean {
  const { kinds, namespace, name, system, provider, verified, deprecated, publishedOnly } = request;
  return (
    kinds.includes(row.kind) &&
    (namespace === undefined || fold(row.namespace) === fold(namespace)) &&
    (name === undefined || row.name.toLowerCase() === name.toLowerCase()) &&
    (system === undefined || row.system === system) &&
    (provider === undefined || row.providerNames.includes(provider)) &&
    (verified === undefined || row.verified === verified) &&
    (deprecated === undefined || row.deprecated === deprecated) &&
    (publishedOnly !== true || row.latestVersion !== '')
  );
}

type WordRule = (row: FixtureDocument) => 'head' | 'body' | undefined;

function asWritten(word: string, match: SearchRequest['match']): WordRule {
  const parts = tokens(word).filter((part) => part.length > 1 && !FILLERS.includes(part));
  return (row) => {
    if (headOf(row).includes(word)) return 'head';
    const body = bodyOf(row);
    return match === 'text' && parts.length > 0 && parts.every((part) => body.includes(part))
      ? 'body'
      : undefined;
  };
}

function asMisspelled(word: string): WordRule {
  const limit = word.length < 8 ? 1 : 2;
  return (row) =>
    tokens(headOf(row)).some((token) => distance(word, token) <= limit && similarity(word, token) >= 0.3)
      ? 'head'
      : undefined;
}

/** The rows that a search should give, all of them, in order. */
export function expected(world: ModelWorld, principal: Principal, request: SearchRequest): ModelResult {
  const seen = world.rows.filter((row) => isSeen(world, principal, row));
  const wanted = seen.filter((row) => isWanted(row, request));
  const query = lower(request.q ?? '').trim();
  let words = [...new Set(query.split(/\s+/u))].filter((word) => word !== '');
  if (request.match === 'text' && words.some((word) => !FILLERS.includes(word)))
    words = words.filter((word) => !FILLERS.includes(word));
  let exact: string | undefined = query;
  let rules = words.map((word) => asWritten(word, request.match));
  const fits = (row: FixtureDocument): boolean => rules.every((rule) => rule(row) !== undefined);
  if (request.match === 'text' && words.length > 0 && !wanted.some(fits)) {
    const ofKind = seen.filter((row) => request.kinds.includes(row.kind));
    const isWrong = (word: string): boolean =>
      word.length >= 4 &&
      tokens(word)[0] === word &&
      !ofKind.some((row) => asWritten(word, request.match)(row) !== undefined);
    if (words.some(isWrong)) {
      rules = words.map((word) => (isWrong(word) ? asMisspelled(word) : asWritten(word, request.match)));
      exact = undefined;
    }
  }
  const found = wanted.filter(fits).sort(orderOf(request, rules, exact));
  return { ids: found.map(({ id }) => id), total: found.length, facets: facetsOf(found) };
}

function orderOf(request: SearchRequest, rules: readonly WordRule[], exact: string | undefined) {
  const { sort, order = sort === 'name' ? 'asc' : 'desc' } = request;
  const sign = sort !== 'relevance' && order === 'asc' ? 1 : -1;
  const tier = (row: FixtureDocument): number => {
    if (sort !== 'relevance' || rules.length === 0) return 0;
    const names = [row.name, `${row.namespace}/${row.name}`, `${row.namespace}/${row.name}/${row.system}`];
    if (exact !== undefined && names.some((name) => name.toLowerCase() === exact)) return 0;
    return rules.every((rule) => rule(row) === 'head') ? 1 : 2;
  };
  const value = (row: FixtureDocument): string | number => {
    if (sort === 'name') return row.name.toLowerCase();
    if (sort === 'downloads') return row.downloads;
    return (sort === 'updated' ? row.updatedAt : row.createdAt).getTime();
  };
  const compare = (one: string | number, other: string | number): number =>
    one === other ? 0 : one < other ? -1 : 1;
  return (one: FixtureDocument, other: FixtureDocument): number =>
    tier(one) - tier(other) || sign * (compare(value(one), value(other)) || compare(one.id, other.id));
}

function facetsOf(rows: readonly FixtureDocument[]): ModelResult['facets'] {
  const count = (values: readonly string[]) =>
    [...Map.groupBy(values, (value) => value)]
      .map(([value, all]) => ({ value, count: all.length }))
      .sort((one, other) => other.count - one.count || (one.value < other.value ? -1 : 1))
      .slice(0, 10);
  return {
    kind: count(rows.map(({ kind }) => kind)),
    namespace: count(rows.map(({ namespace }) => namespace)),
    system: count(rows.flatMap(({ system }) => system ?? [])),
    provider: count(rows.flatMap(({ providerNames }) => providerNames)),
  };
}

/** Inserted, missing, wrong letters and exchanged neighbors. */
function distance(one: string, other: string): number {
  const table = Array.from({ length: one.length + 1 }, (_, i) =>
    Array.from({ length: other.length + 1 }, (_unused, j) => (i === 0 ? j : j === 0 ? i : 0)),
  );
  for (let i = 1; i <= one.length; i += 1) {
    for (let j = 1; j <= other.length; j += 1) {
      const cost = one[i - 1] === other[j - 1] ? 0 : 1;
      let least = Math.min(table[i - 1]![j]! + 1, table[i]![j - 1]! + 1, table[i - 1]![j - 1]! + cost);
      if (i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1])
        least = Math.min(least, table[i - 2]![j - 2]! + 1);
      table[i]![j] = least;
    }
  }
  return table[one.length]![other.length]!;
}

/** As pg_trgm: trigrams of the word with two blanks before it and one behind. */
function similarity(one: string, other: string): number {
  const trigrams = (word: string): Set<string> => {
    const padded = `  ${word} `;
    return new Set(Array.from({ length: padded.length - 2 }, (_, at) => padded.slice(at, at + 3)));
  };
  const [left, right] = [trigrams(one), trigrams(other)];
  const common = [...left].filter((trigram) => right.has(trigram)).length;
  return common / (left.size + right.size - common);
}
