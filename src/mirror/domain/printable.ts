const MAX_SHOWN = 100;
const OUTSIDE = /[^\x20-\x7e]/gu;

/** Text of an upstream for a sentence: in quotes, cut at 100 characters, nothing in it but printable ASCII. */
export function printable(text: string): string {
  const shown = text.slice(0, MAX_SHOWN).replace(/["\\]/g, "'").replace(OUTSIDE, '?');
  return `"${shown}${text.length > MAX_SHOWN ? '…' : ''}"`;
}
