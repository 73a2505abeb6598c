import { HCL_LIMITS } from './hcl-tree.js';
import type { HclExpression, JsonValue } from './hcl-tree.js';
import { HclScanner } from './hcl-scanner.js';
import type { TokenKind } from './hcl-token.js';
import { decodeQuoted, flushIndentation, unescapeTemplate } from './template-text.js';

/** What an expression is without evaluation. */
export interface LiteralShape {
  readonly value?: JsonValue;
  readonly entries?: ReadonlyMap<string, HclExpression>;
  readonly items?: readonly HclExpression[];
}

type MakePart = (start: number, end: number, line: number, shape: LiteralShape) => HclExpression;

/** Looks at the expression in this range of the text, once and without going back. */
export function readShape(
  source: string,
  start: number,
  end: number,
  line: number,
  makePart: MakePart,
): LiteralShape {
  return new LiteralReader(source, start, end, line, makePart).read();
}

const NOT_LITERAL: LiteralShape = {};
const KEYWORDS: ReadonlyMap<string, JsonValue> = new Map<string, JsonValue>([
  ['true', true],
  ['false', false],
  ['null', null],
]);

class LiteralReader {
  private readonly scanner: HclScanner;
  /** Where the token before the current one ended. */
  private lastEnd: number;

  constructor(
    private readonly source: string,
    start: number,
    end: number,
    line: number,
    private readonly makePart: MakePart,
  ) {
    this.scanner = new HclScanner(source, HCL_LIMITS.maxDepth + 1, start, end, line);
    this.lastEnd = start;
  }

  read(): LiteralShape {
    this.advance(true);
    const shape = this.expression(0, true, false);
    return this.scanner.kind === 'end' ? shape : NOT_LITERAL;
  }

  private advance(overLines: boolean): TokenKind {
    this.lastEnd = this.scanner.end;
    this.scanner.next();
    while (overLines && this.at('newline')) this.scanner.next();
    return this.scanner.kind;
  }

  private at(...kinds: readonly TokenKind[]): boolean {
    return kinds.includes(this.scanner.kind);
  }

  private get isOver(): boolean {
    return this.scanner.kind === 'end' || this.scanner.kind === 'failure';
  }

  /** Reads up to what ends the expression at this depth. */
  private expression(base: number, overLines: boolean, isKey: boolean): LiteralShape {
    const shape = this.primary(base, overLines);
    if (this.endsExpression(base, isKey)) return shape;
    while (!this.endsExpression(base, isKey)) this.advance(overLines || this.scanner.depth > base);
    return NOT_LITERAL;
  }

  private endsExpression(base: number, isKey: boolean): boolean {
    if (this.isOver || this.scanner.depth < base) return true;
    if (this.scanner.depth > base) return false;
    const { kind } = this.scanner;
    return kind === ',' || kind === 'newline' || (isKey && (kind === '=' || kind === ':'));
  }

  private primary(base: number, overLines: boolean): LiteralShape {
    switch (this.scanner.kind) {
      case 'identifier':
        return this.keyword(overLines);
      case 'number':
        return this.number(overLines, 1);
      case 'operator':
        if (this.tokenText() !== '-') return NOT_LITERAL;
        return this.advance(overLines) === 'number' ? this.number(overLines, -1) : NOT_LITERAL;
      case 'quote':
        return this.quoted(base, overLines);
      case 'heredoc':
        return this.heredoc(base, overLines);
      case '[':
        return this.tuple(base, overLines);
      case '{':
        return this.object(base, overLines);
      default:
        return NOT_LITERAL;
    }
  }

  private keyword(overLines: boolean): LiteralShape {
    const value = KEYWORDS.get(this.tokenText());
    this.advance(overLines);
    return value === undefined ? NOT_LITERAL : { value };
  }

  private number(overLines: boolean, sign: 1 | -1): LiteralShape {
    const value = Number(this.tokenText());
    this.advance(overLines);
    return Number.isFinite(value) ? { value: value === 0 ? 0 : sign * value } : NOT_LITERAL;
  }

  private quoted(base: number, overLines: boolean): LiteralShape {
    this.advance(false);
    let text = '';
    if (this.scanner.kind === 'text') {
      text = this.tokenText();
      this.advance(false);
    }
    if (this.scanner.kind !== 'unquote') return this.giveUp(base, overLines);
    this.advance(overLines);
    const value = decodeQuoted(text);
    return value === undefined ? NOT_LITERAL : { value };
  }

  private heredoc(base: number, overLines: boolean): LiteralShape {
    const isFlush = this.tokenText().startsWith('<<-');
    this.advance(false);
    let text = '';
    if (this.scanner.kind === 'text') {
      text = this.tokenText();
      this.advance(false);
    }
    if (this.scanner.kind !== 'unheredoc') return this.giveUp(base, overLines);
    this.advance(overLines);
    const pieces = [{ text, isLiteral: true }];
    const lines = isFlush ? flushIndentation(pieces) : pieces;
    const value = unescapeTemplate(lines.map((piece) => piece.text).join(''));
    return { value: value.normalize('NFC') };
  }

  private tuple(base: number, overLines: boolean): LiteralShape {
    const items: HclExpression[] = [];
    this.advance(true);
    if (this.isFor()) return this.giveUp(base, overLines);
    while (this.scanner.kind !== ']' || this.scanner.depth > base) {
      const item = this.part(base + 1, true);
      if (item === undefined) return this.giveUp(base, overLines);
      items.push(item);
      if (this.scanner.kind === ',') this.advance(true);
      else if (this.scanner.depth > base) return this.giveUp(base, overLines);
    }
    this.advance(overLines);
    const values = items.map((item) => item.value);
    const isLiteral = values.every((value) => value !== undefined);
    return isLiteral ? { items, value: values } : { items };
  }

  private object(base: number, overLines: boolean): LiteralShape {
    const entries = new Map<string, HclExpression>();
    let hasComputedKey = false;
    this.advance(true);
    if (this.isFor()) return this.giveUp(base, overLines);
    while (this.scanner.kind !== '}' || this.scanner.depth > base) {
      const key = this.key(base + 1);
      if (!this.at('=', ':')) return this.giveUp(base, overLines);
      this.advance(false);
      const entry = this.part(base + 1, false);
      if (entry === undefined) return this.giveUp(base, overLines);
      if (key === undefined) hasComputedKey = true;
      else entries.set(key, entry);
      if (this.at(',', 'newline')) this.advance(true);
      else if (this.scanner.depth > base) return this.giveUp(base, overLines);
    }
    this.advance(overLines);
    if (hasComputedKey) return NOT_LITERAL;
    const values = [...entries].map(([key, entry]) => [key, entry.value] as const);
    const isLiteral = values.every((pair): pair is readonly [string, JsonValue] => pair[1] !== undefined);
    return isLiteral ? { entries, value: Object.fromEntries(values) } : { entries };
  }

  /** The key of an object when it is written out; afterwards what follows it is the current token. */
  private key(base: number): string | undefined {
    const name = this.scanner.kind === 'identifier' ? this.tokenText() : undefined;
    const end = this.scanner.end;
    const { value } = this.expression(base, false, true);
    if (name !== undefined) return this.lastEnd === end ? name : undefined;
    return value === undefined || value === null || typeof value === 'object' ? undefined : String(value);
  }

  private part(base: number, overLines: boolean): HclExpression | undefined {
    const { start, line } = this.scanner;
    const shape = this.expression(base, overLines, false);
    return this.lastEnd > start ? this.makePart(start, this.lastEnd, line, shape) : undefined;
  }

  private isFor(): boolean {
    return this.scanner.kind === 'identifier' && this.tokenText() === 'for';
  }

  /** Goes past everything that is open above this depth. */
  private giveUp(base: number, overLines: boolean): LiteralShape {
    while (this.scanner.depth > base && !this.isOver) this.advance(true);
    if (!this.isOver) this.advance(overLines);
    return NOT_LITERAL;
  }

  private tokenText(): string {
    return this.source.slice(this.scanner.start, this.scanner.end);
  }
}
