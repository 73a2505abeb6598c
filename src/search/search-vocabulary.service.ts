import { Injectable } from '@nestjs/common';
import { MemoryCache } from '../platform/cache/memory-cache.js';
import type { SearchMatch } from './domain/search-match.js';
import type { SearchTerm } from './domain/search-terms.js';
import { isBodyWord } from './domain/search-text.js';
import { isTypoOf, toleratedEdits } from './domain/typo.js';
import { SearchWordsRepository } from './persistence/search-words.repository.js';

/** A part that more words contain is looked for in rows, not in words. */
const MAX_WORDS_OF_PART = 200;

/** So many words are compared letter by letter. */
const MAX_CANDIDATES = 500;

/** Turns the words of a query into words that the table knows. */
@Injectable()
export class SearchVocabulary {
  /** A word that is new is missing here for a moment; a row that has it is found a moment later. */
  private readonly known = new MemoryCache<readonly string[] | null>({
    lifeMs: 2_000,
    maxEntries: 1_000,
    keeps: (words) => words === null || words.length > 20,
  });

  constructor(private readonly words: SearchWordsRepository) {}

  /** How a word is found as it is written. */
  async written({ text, parts }: SearchTerm): Promise<SearchMatch> {
    const headWords = [];
    for (const part of parts) headWords.push((await this.known.get(part, () => this.containing(part))).value);
    return { kind: 'written', text, headWords, bodyWords: parts.filter(isBodyWord) };
  }

  /** Whether a word may be taken for misspelled at all. */
  isCorrectable({ text, parts }: SearchTerm): boolean {
    return parts.length === 1 && parts[0] === text && toleratedEdits(text) > 0;
  }

  /**
   * How a word is found when it is misspelled: every known word that it may stand for. All of them, not the best
   * one, so that what nobody may see changes nothing about what is found.
   */
  async corrected({ text }: SearchTerm): Promise<SearchMatch> {
    const alike = await this.words.like(text, MAX_CANDIDATES);
    return { kind: 'corrected', words: [text, ...alike.filter((word) => isTypoOf(text, word))] };
  }

  private async containing(part: string): Promise<readonly string[] | null> {
    const words = await this.words.containing(part, MAX_WORDS_OF_PART + 1);
    if (words.length > MAX_WORDS_OF_PART) return null;
    // What is known to nobody is looked for like everything else, and takes as long as what is hidden.
    return words.length > 0 ? words : [part];
  }
}
