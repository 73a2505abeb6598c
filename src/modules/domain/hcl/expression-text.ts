import { HclScanner } from './hcl-scanner.js';
import { HCL_LIMITS } from './hcl-tree.js';
import { flushIndentation } from './template-text.js';
import type { TemplatePiece } from './template-text.js';

/**
 * The expression in this range on one line: without comments, with one space where there was any whitespace, with
 * commas between the items of objects, and heredocs as quoted strings.
 */
export function expressionText(source: string, start: number, end: number): string {
  return new TextWriter(source, start, end).write();
}

interface OpenTemplate {
  readonly isHeredoc: boolean;
  readonly isFlush: boolean;
  readonly pieces: TemplatePiece[];
}

class TextWriter {
  private readonly scanner: HclScanner;
  /** The text around the templates, then one list of pieces for each template that is open. */
  private readonly open: OpenTemplate[] = [{ isHeredoc: false, isFlush: false, pieces: [] }];
  /** For each open bracket: whether a line break separates items in it. */
  private readonly brackets: boolean[] = [];
  private last = '';
  private lastEnd: number;
  private hasNewline = false;

  constructor(
    private readonly source: string,
    start: number,
    end: number,
  ) {
    this.scanner = new HclScanner(source, HCL_LIMITS.maxDepth + 1, start, end);
    this.lastEnd = start;
  }

  write(): string {
    const { scanner } = this;
    for (let kind = scanner.next(); kind !== 'end' && kind !== 'failure'; kind = scanner.next()) {
      if (kind === 'newline') {
        this.hasNewline = true;
        continue;
      }
      this.token(this.source.slice(scanner.start, scanner.end));
      this.lastEnd = scanner.end;
    }
    return join(this.open[0]?.pieces ?? []);
  }

  private token(text: string): void {
    switch (this.scanner.kind) {
      case 'text':
        this.top.push({ text, isLiteral: true });
        break;
      case 'quote':
        this.separate();
        this.put('"');
        this.open.push({ isHeredoc: false, isFlush: false, pieces: [] });
        break;
      case 'heredoc':
        this.separate();
        this.put('"');
        this.open.push({ isHeredoc: true, isFlush: text.startsWith('<<-'), pieces: [] });
        break;
      case 'unquote':
      case 'unheredoc':
        this.closeTemplate();
        break;
      case 'interpolate':
        this.put(text);
        this.brackets.push(false);
        break;
      case 'interpolated':
        this.brackets.pop();
        this.put(text);
        break;
      default:
        this.plain(text);
    }
    this.hasNewline = false;
  }

  private get top(): TemplatePiece[] {
    return this.open.at(-1)?.pieces ?? [];
  }

  private closeTemplate(): void {
    const template = this.open.pop();
    if (template === undefined) return;
    const pieces = template.isFlush ? flushIndentation(template.pieces) : template.pieces;
    const text = template.isHeredoc ? join(pieces.map(quoted)) : join(pieces);
    this.top.push({ text: `${text}"`, isLiteral: false });
    this.last = '"';
  }

  private plain(text: string): void {
    const { kind } = this.scanner;
    if (kind === '}' || kind === ']' || kind === ')') {
      const isEmpty = this.last === '{' || this.last === '[' || this.last === '(';
      if (this.last === ',') this.dropComma();
      this.brackets.pop();
      this.raw(kind === '}' && !isEmpty ? ' }' : kind, kind);
      return;
    }
    this.separate();
    if (this.last === '{' && text === 'for') this.brackets[this.brackets.length - 1] = false;
    this.put(text);
    if (kind === '{') this.brackets.push(true);
    else if (kind === '[' || kind === '(') this.brackets.push(false);
  }

  /** Where a line break ended an item of an object, a comma does. */
  private separate(): void {
    const isBetween = this.last !== '{' && this.last !== ',' && this.scanner.kind !== ',';
    if (this.hasNewline && this.brackets.at(-1) === true && isBetween) this.raw(',', ',');
  }

  /** Writes a token with the space before it that it should have. */
  private put(text: string): void {
    this.raw(`${this.gapBefore(text)}${text}`, text);
  }

  private raw(text: string, last: string): void {
    this.top.push({ text, isLiteral: false });
    this.last = last;
  }

  private dropComma(): void {
    this.top.pop();
  }

  private gapBefore(text: string): string {
    const { last, scanner } = this;
    if (last === '' || last === '[' || last === '(' || last === '${' || last === '%{') return '';
    if (text === ',' || scanner.kind === 'interpolate' || scanner.kind === 'interpolated') return '';
    if (last === ',' || last === '=' || last === '{' || scanner.kind === '=') return ' ';
    return scanner.start > this.lastEnd ? ' ' : '';
  }
}

const join = (pieces: readonly TemplatePiece[]): string => pieces.map((piece) => piece.text).join('');

/** Text of a heredoc as it is written between quotes. */
function quoted(piece: TemplatePiece): TemplatePiece {
  if (!piece.isLiteral) return piece;
  const text = piece.text
    .replaceAll('\\', '\\\\')
    .replaceAll('"', '\\"')
    .replaceAll('\r', '\\r')
    .replaceAll('\n', '\\n')
    .replaceAll('\t', '\\t');
  return { text, isLiteral: false };
}
