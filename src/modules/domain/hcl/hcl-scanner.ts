import { identifierLength, isDigit, isSpace } from './characters.js';
import type { HclProblem } from './hcl-tree.js';
import type { TokenKind } from './hcl-token.js';

/** What is open: a bracket, a template, or an interpolation in one. */
interface Frame {
  readonly kind: '{' | '[' | '(' | 'quote' | 'heredoc' | 'interpolate';
  readonly line: number;
  readonly marker: string;
  /** In a heredoc: whether the end marker may stand here. */
  atLineStart: boolean;
}

const LF = 10;
const CR = 13;
const QUOTE = 34;
const HASH = 35;
const DOLLAR = 36;
const PERCENT = 37;
const STAR = 42;
const SLASH = 47;
const BACKSLASH = 92;
const BRACE = 123;

const CLOSES: Readonly<Record<string, Frame['kind']>> = { '}': '{', ']': '[', ')': '(' };
const NAMES: Readonly<Record<Frame['kind'], string>> = {
  '{': 'the "{"',
  '[': 'the "["',
  '(': 'the "("',
  quote: 'the string',
  heredoc: 'the heredoc',
  interpolate: 'the template sequence',
};
const PAIRS: ReadonlySet<string> = new Set(['==', '!=', '<=', '>=', '&&', '||', '=>', '::']);
const OPERATORS = '+-*/%!<>?.&|~';
const ESCAPES = 'nrt"\\uU';

/**
 * Cuts a text of HCL into tokens, one at a time and without looking back. It knows which brackets and templates are
 * open; the first thing that cannot be is a `failure`, after which there are no more tokens.
 */
export class HclScanner {
  kind: TokenKind = 'newline';
  /** Offsets of the current token. */
  start: number;
  end: number;
  /** Line where the current token begins, from 1. */
  line: number;
  failure: HclProblem | undefined;
  /** Characters looked at so far. */
  steps = 0;
  private nextLine: number;
  private readonly open: Frame[] = [];

  constructor(
    private readonly source: string,
    private readonly maxDepth: number,
    from = 0,
    private readonly to = source.length,
    line = 1,
  ) {
    this.start = from;
    this.end = from;
    this.line = line;
    this.nextLine = line;
  }

  /** How many brackets and templates are open after the current token. */
  get depth(): number {
    return this.open.length;
  }

  /** Reads the next token into `kind`, `start`, `end` and `line`. */
  next(): TokenKind {
    if (this.failure !== undefined || this.kind === 'end') return this.kind;
    const before = this.end;
    const top = this.open.at(-1);
    if (top?.kind === 'quote') this.kind = this.quoted();
    else if (top?.kind === 'heredoc') this.kind = this.heredocLines(top);
    else this.kind = this.plain();
    this.steps += this.end - before + 1;
    return this.kind;
  }

  private plain(): TokenKind {
    this.skipBlank();
    this.begin(this.end);
    if (this.failure !== undefined) return 'failure';
    if (this.start >= this.to) return this.endOfText();
    const code = this.source.charCodeAt(this.start);
    const length = identifierLength(this.source, this.start);
    if (length > 0) return this.take(length, 'identifier');
    if (isDigit(code)) return this.number();
    if (code === LF) {
      this.nextLine++;
      return this.take(1, 'newline');
    }
    if (code === QUOTE) return this.push('quote', 1);
    const char = this.source.charAt(this.start);
    if (char === '{' || char === '[' || char === '(') return this.push(char, 1);
    if (char === '}' || char === ']' || char === ')') return this.close(char);
    return this.operator(char);
  }

  private operator(char: string): TokenKind {
    const pair = this.source.slice(this.start, this.start + 2);
    if (pair === '<<') return this.heredocStart();
    if (pair === '~}' && this.open.at(-1)?.kind === 'interpolate') return this.endInterpolation(2);
    if (this.source.startsWith('...', this.start)) return this.take(3, 'operator');
    if (PAIRS.has(pair)) return this.take(2, 'operator');
    if (char === ',' || char === '=' || char === ':') return this.take(1, char);
    if (OPERATORS.includes(char)) return this.take(1, 'operator');
    const shown = JSON.stringify(String.fromCodePoint(this.source.codePointAt(this.start) ?? 0));
    return this.fail(`The character ${shown} means nothing here.`);
  }

  private skipBlank(): void {
    let at = this.end;
    while (at < this.to) {
      const code = this.source.charCodeAt(at);
      if (code === 32 || code === 9) at++;
      else if (code === CR && this.source.charCodeAt(at + 1) === LF) at++;
      else if (code === HASH || (code === SLASH && this.source.charCodeAt(at + 1) === SLASH))
        at = this.lineEnd(at);
      else if (code === SLASH && this.source.charCodeAt(at + 1) === STAR) at = this.commentEnd(at);
      else break;
    }
    this.end = at;
  }

  private commentEnd(from: number): number {
    const close = this.source.indexOf('*/', from + 2);
    if (close < 0 || close + 2 > this.to) {
      this.line = this.nextLine;
      this.fail('The comment is not closed with "*/".');
      this.steps += this.to - from;
      return this.to;
    }
    this.countLines(from, close);
    return close + 2;
  }

  private lineEnd(from: number): number {
    let at = from;
    while (at < this.to && this.source.charCodeAt(at) !== LF) at++;
    return at;
  }

  private countLines(from: number, to: number): void {
    for (let at = from; at < to; at++) if (this.source.charCodeAt(at) === LF) this.nextLine++;
  }

  private number(): TokenKind {
    let at = this.digitsEnd(this.start);
    if (this.source.charAt(at) === '.' && isDigit(this.source.charCodeAt(at + 1)))
      at = this.digitsEnd(at + 1);
    if (this.source.charAt(at) === 'e' || this.source.charAt(at) === 'E') {
      const sign = this.source.charAt(at + 1);
      const digits = sign === '+' || sign === '-' ? at + 2 : at + 1;
      if (isDigit(this.source.charCodeAt(digits))) at = this.digitsEnd(digits);
    }
    return this.take(at - this.start, 'number');
  }

  private digitsEnd(from: number): number {
    let at = from;
    while (at < this.to && isDigit(this.source.charCodeAt(at))) at++;
    return at;
  }

  private heredocStart(): TokenKind {
    const name = this.start + (this.source.charAt(this.start + 2) === '-' ? 3 : 2);
    const length = identifierLength(this.source, name);
    let at = name + length;
    if (this.source.charCodeAt(at) === CR) at++;
    if (length === 0 || this.source.charCodeAt(at) !== LF) {
      return this.fail('After "<<" comes the name of the end marker, and the text begins on the next line.');
    }
    return this.push('heredoc', at + 1 - this.start, this.source.slice(name, name + length));
  }

  private heredocLines(frame: Frame): TokenKind {
    this.begin(this.end);
    let at = this.start;
    while (at < this.to) {
      if (frame.atLineStart) {
        const end = this.markerEnd(at, frame.marker);
        if (end > 0) {
          if (at > this.start) break;
          this.open.pop();
          return this.take(end - this.start, 'unheredoc');
        }
        frame.atLineStart = false;
      }
      const code = this.source.charCodeAt(at);
      if (this.interpolationAt(at)) {
        return at > this.start ? this.take(at - this.start, 'text') : this.push('interpolate', 2);
      }
      if (code === LF) {
        this.nextLine++;
        frame.atLineStart = true;
      }
      at++;
    }
    if (at >= this.to) return this.unclosed(at);
    return this.take(at - this.start, 'text');
  }

  /** Where the end marker ends when this line holds nothing else; 0 otherwise. */
  private markerEnd(from: number, marker: string): number {
    let at = from;
    while (at < this.to && isSpace(this.source.charCodeAt(at))) at++;
    this.steps += at - from;
    if (!this.source.startsWith(marker, at)) return 0;
    const end = at + marker.length;
    at = end;
    while (at < this.to && isSpace(this.source.charCodeAt(at))) at++;
    this.steps += at - end;
    return at >= this.to || this.source.charCodeAt(at) === LF ? end : 0;
  }

  private quoted(): TokenKind {
    this.begin(this.end);
    let at = this.start;
    for (; at < this.to; at++) {
      const code = this.source.charCodeAt(at);
      if (code === QUOTE || code === LF || this.interpolationAt(at)) break;
      if (code === BACKSLASH && !ESCAPES.includes(this.source.charAt(++at) || ' ')) {
        this.line = this.nextLine;
        return this.fail(
          'A backslash in a string stands before n, r, t, ", \\, u or U; write "\\\\" for itself.',
        );
      }
    }
    if (at >= this.to || this.source.charCodeAt(at) === LF) return this.unclosed(at);
    if (at > this.start) return this.take(at - this.start, 'text');
    if (this.source.charCodeAt(at) !== QUOTE) return this.push('interpolate', 2);
    this.open.pop();
    return this.take(1, 'unquote');
  }

  /** Whether `${` or `%{` starts here; after the same sign again, as in `$${`, it is text. */
  private interpolationAt(at: number): boolean {
    const code = this.source.charCodeAt(at);
    if ((code !== DOLLAR && code !== PERCENT) || this.source.charCodeAt(at + 1) !== BRACE) return false;
    return at === this.start || this.source.charCodeAt(at - 1) !== code;
  }

  private close(char: '}' | ']' | ')'): TokenKind {
    const top = this.open.at(-1);
    if (char === '}' && top?.kind === 'interpolate') return this.endInterpolation(1);
    if (top === undefined) return this.fail(`There is no opening bracket for this "${char}".`);
    if (top.kind !== CLOSES[char]) {
      return this.fail(`This "${char}" does not close ${NAMES[top.kind]} of line ${top.line}.`);
    }
    this.open.pop();
    return this.take(1, char);
  }

  private endInterpolation(length: number): TokenKind {
    this.open.pop();
    return this.take(length, 'interpolated');
  }

  private push(kind: Frame['kind'], length: number, marker = ''): TokenKind {
    if (this.open.length >= this.maxDepth) {
      return this.fail(`There are more than ${this.maxDepth} brackets and templates inside each other.`);
    }
    this.open.push({ kind, line: this.line, marker, atLineStart: kind === 'heredoc' });
    if (kind === 'heredoc') this.nextLine++;
    return this.take(length, kind);
  }

  private endOfText(): TokenKind {
    return this.open.length === 0 ? this.take(0, 'end') : this.unclosed(this.start);
  }

  private unclosed(at: number): TokenKind {
    const top = this.open.at(-1);
    this.steps += at - this.start;
    if (top !== undefined) this.line = top.line;
    const kind = top?.kind ?? '{';
    return this.fail(`${NAMES[kind].replace('the', 'The')} is not closed.`);
  }

  private begin(start: number): void {
    this.start = start;
    this.line = this.nextLine;
  }

  private take(length: number, kind: TokenKind): TokenKind {
    this.end = this.start + length;
    return kind;
  }

  private fail(message: string): 'failure' {
    this.failure ??= { line: this.line, message };
    return 'failure';
  }
}
