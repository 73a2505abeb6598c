import { InvalidInput } from '../../kernel/invalid-input.js';
import { isFiller, normalized, wordsOf } from './search-text.js';

/** One word of a query. */
export interface SearchTerm {
  /** As it was written, in normalized form. */
  readonly text: string;
  /** Its runs of letters and digits: `s3_bucket` has two. */
  readonly parts: readonly string[];
}

/** The address or name that a query is, when it is one. */
export interface ExactName {
  readonly namespace?: string;
  readonly name: string;
  readonly system?: string;
}

/** What a query asks for. */
export interface SearchTerms {
  readonly terms: readonly SearchTerm[];
  readonly exact?: ExactName;
}

/** How long a query may be, in characters and in words. */
export interface SearchLimits {
  readonly maxQueryLength: number;
  readonly maxWords: number;
}

/** Reads the text of a query. Throws `InvalidInput` when it is longer than the limits. */
export function readTerms(
  text: string | undefined,
  match: 'name' | 'text',
  { maxQueryLength, maxWords }: SearchLimits,
): SearchTerms {
  if ((text ?? '').length > maxQueryLength) {
    throw new InvalidInput(`q is too long: use at most ${maxQueryLength} characters`);
  }
  const query = normalized(text ?? '').trim();
  if (query === '') return { terms: [] };
  const written = [...new Set(query.split(/\s+/u))];
  if (written.length > maxWords) throw new InvalidInput(`q has too many words: use at most ${maxWords}`);
  const terms = written.map((word) => ({ text: word, parts: wordsOf(word) }));
  const telling = match === 'text' ? terms.filter((term) => !isFiller(term.text)) : terms;
  return { terms: telling.length > 0 ? telling : terms, exact: exactName(query) };
}

function exactName(query: string): ExactName | undefined {
  const [first, second, third, ...rest] = query.split('/');
  if (rest.length > 0 || first === undefined) return undefined;
  if (second === undefined) return { name: first };
  if (third === undefined) return { namespace: first, name: second };
  return { namespace: first, name: second, system: third };
}
