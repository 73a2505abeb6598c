const ID_START = /^\p{ID_Start}$/u;
const ID_CONTINUE = /^\p{ID_Continue}$/u;
const SPACE = /^\s$/u;

const isAsciiLetter = (code: number): boolean => (code >= 97 && code <= 122) || (code >= 65 && code <= 90);

/** Whether the code unit is an ASCII digit. */
export const isDigit = (code: number): boolean => code >= 48 && code <= 57;

/** Whether the code unit is a space, as the end marker of a heredoc may have around it. Never a line feed. */
export function isSpace(code: number): boolean {
  return code === 32 || code === 9 || (code !== 10 && code > 10 && SPACE.test(String.fromCharCode(code)));
}

/** Length in code units of the identifier that starts at `position`; 0 when there is none. */
export function identifierLength(source: string, position: number): number {
  const first = source.codePointAt(position);
  if (first === undefined || !startsIdentifier(first)) return 0;
  let end = position + widthOf(first);
  for (let next = source.codePointAt(end); next !== undefined; next = source.codePointAt(end)) {
    if (!continuesIdentifier(next)) break;
    end += widthOf(next);
  }
  return end - position;
}

function startsIdentifier(code: number): boolean {
  return isAsciiLetter(code) || code === 95 || (code > 127 && ID_START.test(String.fromCodePoint(code)));
}

function continuesIdentifier(code: number): boolean {
  if (code < 128) return isAsciiLetter(code) || isDigit(code) || code === 95 || code === 45;
  return ID_CONTINUE.test(String.fromCodePoint(code));
}

const widthOf = (code: number): number => (code > 0xffff ? 2 : 1);
