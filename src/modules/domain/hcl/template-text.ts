/** A part of a template: text as written, or an interpolation. */
export interface TemplatePiece {
  readonly text: string;
  readonly isLiteral: boolean;
}

const SHORT_ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', '"': '"', '\\': '\\' };
const HEX = /^[0-9A-Fa-f]+$/;
const LEADING_SPACE = /^\s*/u;

/** The value of a quoted text without interpolations; `undefined` when an escape means nothing. */
export function decodeQuoted(text: string): string | undefined {
  if (!text.includes('\\')) return unescapeTemplate(text).normalize('NFC');
  const parts: string[] = [];
  let from = 0;
  for (let at = text.indexOf('\\'); at >= 0; at = text.indexOf('\\', from)) {
    parts.push(unescapeTemplate(text.slice(from, at)));
    const sign = text.charAt(at + 1);
    const digits = sign === 'u' ? 4 : sign === 'U' ? 8 : 0;
    const char = digits > 0 ? codePoint(text.slice(at + 2, at + 2 + digits), digits) : SHORT_ESCAPES[sign];
    if (char === undefined) return undefined;
    parts.push(char);
    from = at + 2 + digits;
  }
  parts.push(unescapeTemplate(text.slice(from)));
  return parts.join('').normalize('NFC');
}

function codePoint(hex: string, digits: number): string | undefined {
  const code = hex.length === digits && HEX.test(hex) ? parseInt(hex, 16) : -1;
  return code >= 0 && code <= 0x10ffff ? String.fromCodePoint(code) : undefined;
}

/** Turns `$${` and `%%{` into what they stand for. */
export function unescapeTemplate(text: string): string {
  return text.replaceAll('$${', '${').replaceAll('%%{', '%{');
}

/**
 * Takes the indentation that all lines of a `<<-` heredoc share off them. Blank lines do not count and stay as they
 * are; a line that begins with an interpolation has none.
 */
export function flushIndentation(pieces: readonly TemplatePiece[]): readonly TemplatePiece[] {
  const lines = pieces.flatMap((piece) => (piece.isLiteral ? linesOf(piece.text) : [piece]));
  const beginsLine = lines.map((_piece, index) => index === 0 || endsLine(lines[index - 1]));
  let shared = Infinity;
  lines.forEach((piece, index) => {
    if (beginsLine[index] && !isBlankLine(piece)) shared = Math.min(shared, indentOf(piece));
  });
  if (shared === Infinity) return lines;
  return lines.map((piece, index) =>
    beginsLine[index] && piece.isLiteral && !isBlankLine(piece)
      ? { text: piece.text.slice(shared), isLiteral: true }
      : piece,
  );
}

function linesOf(text: string): TemplatePiece[] {
  const lines: TemplatePiece[] = [];
  let from = 0;
  while (from < text.length) {
    const end = text.indexOf('\n', from) + 1;
    const next = end === 0 ? text.length : end;
    lines.push({ text: text.slice(from, next), isLiteral: true });
    from = next;
  }
  return lines;
}

const endsLine = (piece: TemplatePiece | undefined): boolean =>
  piece?.isLiteral === true && piece.text.endsWith('\n');

const isBlankLine = (piece: TemplatePiece): boolean => endsLine(piece) && piece.text.trim() === '';

const indentOf = (piece: TemplatePiece): number =>
  piece.isLiteral ? (LEADING_SPACE.exec(piece.text)?.[0].length ?? 0) : 0;
