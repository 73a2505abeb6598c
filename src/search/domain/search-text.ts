/** Longer words are cut, in what is searched. */
const MAX_WORD = 64;

/** Text beyond this is not searched, in UTF-16 units. */
const MAX_BODY = 65_536;
const MAX_BODY_WORDS = 500;

const LONG_WORDS = /[\p{L}\p{N}]{65,}/gu;
const WORDS = /[\p{L}\p{N}]+/gu;
const UNPRINTABLE = /[\p{Cc}\p{Cs}]+/gu;

/** Words that nearly every text has; they say nothing about a module. */
const FILLERS: ReadonlySet<string> = new Set(
  (
    'a an and are as at be by can for from has have if in into is it its not of on or that the their then there ' +
    'these this to use used using was we which will with you your'
  ).split(' '),
);

/** Text in the form in which it is compared: one spelling of every character, lower case, nothing unprintable. */
export function normalized(text: string): string {
  return text.normalize('NFKC').toLowerCase().normalize('NFKC').replace(UNPRINTABLE, ' ');
}

/** The distinct words of a normalized text: runs of letters and digits. */
export function wordsOf(text: string): string[] {
  return [...new Set(text.match(WORDS))];
}

/** What substrings are looked for in: the address and the description. */
export function haystackOf(address: readonly string[], description: string | null): string {
  return normalized(`${address.join('/')} ${description ?? ''}`).replace(LONG_WORDS, (word) =>
    [...word].slice(0, MAX_WORD).join(''),
  );
}

/** The words of a longer text that are found one by one; its end is left out when it is very long. */
export function bodyWordsOf(text: string): string[] {
  return wordsOf(normalized(text.slice(0, MAX_BODY)))
    .filter(isBodyWord)
    .slice(0, MAX_BODY_WORDS)
    .sort();
}

/** Whether a word is kept of a longer text. */
export function isBodyWord(word: string): boolean {
  return word.length > 1 && word.length <= MAX_WORD && !FILLERS.has(word);
}

/** Whether a word is too common in prose to be looked for. */
export function isFiller(word: string): boolean {
  return FILLERS.has(word);
}
