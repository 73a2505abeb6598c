/** Shorter words are never taken for misspelled. */
const MIN_LENGTH = 4;
const LONG = 8;

/** How many letters may be wrong, missing, too many or exchanged with their neighbor in a word of this length. */
export function toleratedEdits(word: string): number {
  const { length } = [...word];
  if (length < MIN_LENGTH) return 0;
  return length < LONG ? 1 : 2;
}

/** Whether `other` is `word` with at most as many mistakes as its length tolerates. */
export function isTypoOf(word: string, other: string): boolean {
  const limit = toleratedEdits(word);
  return limit > 0 && editsBetween([...word], [...other], limit) <= limit;
}

/** The number of edits (insert, delete, replace, exchange neighbors); any number above `limit` when there are more. */
function editsBetween(one: readonly string[], other: readonly string[], limit: number): number {
  if (Math.abs(one.length - other.length) > limit) return limit + 1;
  let beforeLast: number[] = [];
  let last = Array.from({ length: other.length + 1 }, (_, column) => column);
  for (let row = 1; row <= one.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= other.length; column += 1) {
      const isSame = one[row - 1] === other[column - 1];
      let edits = Math.min(last[column]! + 1, current[column - 1]! + 1, last[column - 1]! + (isSame ? 0 : 1));
      const isExchanged =
        row > 1 && column > 1 && one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1];
      if (isExchanged) edits = Math.min(edits, beforeLast[column - 2]! + 1);
      current.push(edits);
    }
    beforeLast = last;
    last = current;
  }
  return last[other.length]!;
}
