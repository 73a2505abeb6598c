import { foldNamespace } from '../../kernel/terraform/namespace-name.js';
import type { Readable } from '../../orgs/domain/readable.js';
import type { SearchAccess } from '../search-access.js';
import type { SearchMatch } from '../domain/search-match.js';
import type { ExactName } from '../domain/search-terms.js';
import type { SearchRequest } from '../search-request.js';

/** What the rows of a result have in common, whatever their order. */
export interface SearchSelection {
  readonly access: SearchAccess;
  readonly request: SearchRequest;
  readonly matches: readonly SearchMatch[];
  readonly exact?: ExactName;
}

/** The letters and digits of a word, quoted: nothing in it can be read as an operator of a tsquery. */
const lexeme = (word: string): string => `'${word.replace(/[^\p{L}\p{N}]/gu, '')}'`;
const anyLexeme = (words: readonly string[]): string => words.map(lexeme).join(' | ');
const allLexemes = (words: readonly string[]): string => words.map(lexeme).join(' & ');

const FEW_WORDS = 8;
const ONE_RUN = /^[\p{L}\p{N}]+$/u;

/** Builds the conditions of one statement over `search_documents d`; every value becomes a parameter. */
export class SearchConditions {
  readonly values: unknown[] = [];

  constructor(private readonly selection: SearchSelection) {}

  /** A value as a parameter, with its type. */
  bind(value: unknown, type: string): string {
    this.values.push(value);
    return `$${this.values.length}::${type}`;
  }

  /** Who may see the row, and every filter of the request. */
  filters(): string[] {
    const { namespace, name, system, provider, verified, deprecated, publishedOnly } = this.selection.request;
    const filters = [this.access()];
    if (namespace !== undefined)
      filters.push(`d.folded_namespace = ${this.bind(foldNamespace(namespace), 'text')}`);
    if (name !== undefined) filters.push(`d.folded_name = ${this.bind(name.toLowerCase(), 'text')}`);
    if (system !== undefined) filters.push(`d.system = ${this.bind(system.toLowerCase(), 'text')}`);
    if (provider !== undefined)
      filters.push(`d.provider_names @> ARRAY[${this.bind(provider.toLowerCase(), 'text')}]`);
    if (verified !== undefined) filters.push(`d.is_verified = ${this.bind(verified, 'boolean')}`);
    if (deprecated !== undefined) filters.push(`d.is_deprecated = ${this.bind(deprecated, 'boolean')}`);
    if (publishedOnly === true) filters.push(`d.latest_version <> ''`);
    return filters;
  }

  /** The row fits every word, in names and description or in longer texts. */
  fits(): string[] {
    return this.selection.matches.map((match) => this.anywhere(match));
  }

  /** The row fits every word in names and description. */
  fitsHead(): string[] {
    return this.selection.matches.map((match) => this.inHead(match));
  }

  /** The row fits every word, but not all of them in names and description. */
  fitsBody(): string[] {
    const { matches } = this.selection;
    if (!matches.some((match) => this.hasBody(match))) return ['false'];
    const heads = matches.map((match) => this.substring(match)).join(' AND ');
    const [only] = matches;
    const fits = matches.length === 1 ? [this.inBody(only!)] : this.fits();
    return [...fits, `NOT (${heads})`];
  }

  /** The row has the name or address that the query is; `undefined` when the query is none. */
  isExact(): string | undefined {
    const { exact } = this.selection;
    if (exact === undefined) return undefined;
    const parts = [`d.folded_name = ${this.bind(exact.name, 'text')}`];
    if (exact.namespace !== undefined)
      parts.push(`d.folded_namespace = ${this.bind(foldNamespace(exact.namespace), 'text')}`);
    if (exact.system !== undefined) parts.push(`d.system = ${this.bind(exact.system, 'text')}`);
    return `(${parts.join(' AND ')})`;
  }

  /** How well a row fits: 0 for the name or address itself, 1 in names and description, 2 in longer texts. */
  tier(): string {
    const { matches } = this.selection;
    if (matches.length === 0) return '0';
    const exact = this.isExact();
    const head = exact === undefined ? '1' : `CASE WHEN ${exact} THEN 0 ELSE 1 END`;
    if (!matches.some((match) => this.hasBody(match))) return head;
    return `CASE WHEN ${matches.map((match) => this.substring(match)).join(' AND ')} THEN ${head} ELSE 2 END`;
  }

  private access(): string {
    const { access } = this.selection;
    const [first, second] = access;
    if (first === undefined) return 'false';
    const firstSeen = this.readable(first.readable);
    if (second === undefined) return `d.kind = ${this.bind(first.kind, 'text')} AND ${firstSeen}`;
    if (JSON.stringify(first.readable) === JSON.stringify(second.readable)) return firstSeen;
    const one = `d.kind = ${this.bind(first.kind, 'text')} AND ${firstSeen}`;
    return `(${one} OR d.kind = ${this.bind(second.kind, 'text')} AND ${this.readable(second.readable)})`;
  }

  private readable({ isServerOpen, organizations, namespaces }: Readable): string {
    if (organizations === 'all' && namespaces === null) return 'true';
    const readsAnything = organizations.length > 0 && namespaces === null;
    const shown = ['public', ...(isServerOpen ? ['default'] : [])];
    if (isServerOpen || readsAnything) shown.push('shared');
    const isPublic =
      shown.length === 1 ? `d.visibility = 'public'` : `d.visibility = ANY('{${shown.join(',')}}')`;
    if (organizations.length === 0) return isPublic;
    const own: string[] = [];
    if (organizations !== 'all')
      own.push(`d.organization_id = ANY(${this.bind([...organizations], 'uuid[]')})`);
    if (namespaces !== null)
      own.push(
        `d.folded_namespace = ANY(${this.bind(namespaces.map(foldNamespace), 'text[]')})`,
        'd.readers IS NULL',
      );
    return `(${isPublic} OR ${own.join(' AND ')})`;
  }

  private anywhere(match: SearchMatch): string {
    return this.hasBody(match) ? `(${this.inHead(match)} OR ${this.inBody(match)})` : this.inHead(match);
  }

  /** The words say nothing that the substring does not; they are there for the index. */
  private inHead(match: SearchMatch): string {
    if (match.kind === 'corrected' || wordsInstead(match)) return this.substring(match);
    const indexed = match.headWords
      .filter((words) => words !== null)
      .map((words) => this.headHas(words))
      .map((condition) => ` AND ${condition}`);
    return `(${this.substring(match)}${indexed.join('')})`;
  }

  /** The planner would count LIKE beside the words of the same match twice, and does not count the position. */
  private substring(match: SearchMatch): string {
    if (match.kind === 'corrected') return this.headHas(match.words);
    const instead = wordsInstead(match);
    if (instead) return this.headHas(instead);
    return `strpos(d.haystack, ${this.bind(match.text, 'text')}) <> 0`;
  }

  /**
   * An index compares every row with all words of a tsquery, and looks up those of a list one by one. The subselect keeps
   * the planner from reading the statistics of each word, which takes longer than the query.
   */
  private headHas(words: readonly string[]): string {
    if (words.length > FEW_WORDS)
      return `d.head @@ ANY((SELECT ${this.bind(words.map(lexeme), 'tsquery[]')})::tsquery[])`;
    return `d.head @@ ${this.bind(anyLexeme(words), 'tsquery')}`;
  }

  private hasBody(match: SearchMatch): boolean {
    return this.selection.request.match === 'text' && match.kind === 'written' && match.bodyWords.length > 0;
  }

  private inBody(match: SearchMatch): string {
    if (match.kind !== 'written' || !this.hasBody(match)) return 'false';
    return `d.body @@ ${this.bind(allLexemes(match.bodyWords), 'tsquery')}`;
  }
}

/**
 * The words that say the same as the substring, where they are few: a row has a run of letters and digits exactly when
 * it has one of the words that contain it, and the index answers that without the row.
 */
function wordsInstead(match: Extract<SearchMatch, { kind: 'written' }>): readonly string[] | undefined {
  const [only, ...others] = match.headWords;
  if (!only || others.length > 0 || only.length > FEW_WORDS || !ONE_RUN.test(match.text)) return undefined;
  return only;
}
