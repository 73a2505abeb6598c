import type { SearchMatch } from './search-match.js';

/** How many rows there are, and the share of them that has each of the frequent words. */
export interface KnownFrequencies {
  readonly rows: number;
  readonly head: ReadonlyMap<string, number>;
  readonly body: ReadonlyMap<string, number>;
}

/** About how many rows fit all matches, as if words were spread independently; words that are not frequent count as none. */
export function expectedRows(matches: readonly SearchMatch[], known: KnownFrequencies): number {
  return matches.reduce((rows, match) => rows * shareOf(match, known), known.rows);
}

function shareOf(match: SearchMatch, { head, body }: KnownFrequencies): number {
  const anyOf = (words: readonly string[]): number =>
    Math.min(
      1,
      words.reduce((sum, word) => sum + (head.get(word) ?? 0), 0),
    );
  if (match.kind === 'corrected') return anyOf(match.words);
  // A part that too many words contain is in very many rows.
  const inHead = match.headWords.reduce((share, words) => share * (words === null ? 1 : anyOf(words)), 1);
  const { bodyWords } = match;
  const inBody =
    bodyWords.length === 0 ? 0 : bodyWords.reduce((share, word) => share * (body.get(word) ?? 0), 1);
  return 1 - (1 - inHead) * (1 - inBody);
}
