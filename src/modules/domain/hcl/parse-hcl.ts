import { identifierLength } from './characters.js';
import { HclScanner } from './hcl-scanner.js';
import { HCL_LIMITS } from './hcl-tree.js';
import type { HclBlock, HclBody, HclExpression, HclFile, HclLimits, HclProblem } from './hcl-tree.js';
import { NativeExpression } from './native-expression.js';

/**
 * Reads a configuration file in HCL's native syntax. Never throws and takes time in proportion to the text; a broken
 * block is a problem, and reading goes on with the next block that begins no further to the right.
 */
export function parseHcl(source: string, limits: HclLimits = HCL_LIMITS): HclFile {
  return new FileReader(source, limits).read();
}

interface BodyUnderWay extends HclBody {
  readonly attributes: Map<string, HclExpression>;
  readonly blocks: HclBlock[];
}

const NO_LABELS: readonly string[] = [];
const NO_BLOCKS: HclBlock[] = [];
const NO_ATTRIBUTES = new Map<string, HclExpression>();
const EMPTY: HclBody = { attributes: NO_ATTRIBUTES, blocks: NO_BLOCKS };
const LF = 10;
/** What reading a short file again may cost whatever its length. */
const FREE_STEPS = 1_000;

class FileReader {
  private readonly root: BodyUnderWay = { attributes: new Map(), blocks: [] };
  private readonly problems: HclProblem[] = [];
  private scanner: HclScanner;
  private broken: HclProblem | undefined;
  private isFull = false;
  private items = 0;
  private steps = 0;
  /** Where the item at the top of the file that is being read began. */
  private itemStart = 0;
  private itemLine = 1;

  constructor(
    private readonly source: string,
    private readonly limits: HclLimits,
  ) {
    this.itemStart = source.startsWith('\uFEFF') ? 1 : 0;
    this.scanner = this.scannerFrom(this.itemStart, 1);
  }

  read(): HclFile {
    for (;;) {
      this.scanner.next();
      const isWhole = this.body(this.root, true);
      this.steps += this.scanner.steps;
      if (isWhole) break;
      this.problems.push(
        this.broken ?? this.scanner.failure ?? { line: this.itemLine, message: 'This is not HCL.' },
      );
      this.broken = undefined;
      if (this.isFull || !this.resume()) break;
    }
    return { body: this.root, problems: this.problems, steps: this.steps };
  }

  private scannerFrom(start: number, line: number): HclScanner {
    return new HclScanner(this.source, this.limits.maxDepth, start, this.source.length, line);
  }

  /** Goes to the next line that looks like the header of a block; false when there is none or patience is over. */
  private resume(): boolean {
    const { maxProblems, maxRereads } = this.limits;
    if (this.problems.length >= maxProblems || this.steps > maxRereads * this.source.length + FREE_STEPS) {
      this.problems.push({
        line: this.itemLine,
        message: 'Too much is broken here; the rest of the file was not read.',
      });
      return false;
    }
    const begin = this.itemStart;
    const indent = begin - (this.source.lastIndexOf('\n', begin - 1) + 1);
    let line = this.itemLine;
    for (let at = this.source.indexOf('\n', begin) + 1; at > 0; at = this.source.indexOf('\n', at) + 1) {
      line++;
      const header = headerAt(this.source, at, indent);
      if (header >= 0) {
        this.steps += header - begin;
        this.itemStart = header;
        this.itemLine = line;
        this.scanner = this.scannerFrom(header, line);
        return true;
      }
    }
    this.steps += this.source.length - begin;
    return false;
  }

  /** Reads items until the end of the body; false when one of them is broken. */
  private body(into: BodyUnderWay, isTop: boolean): boolean {
    for (;;) {
      const { scanner } = this;
      if (isTop) {
        this.itemStart = scanner.start;
        this.itemLine = scanner.line;
      }
      if (scanner.kind === 'end' || scanner.kind === '}') return true;
      if (scanner.kind === 'newline') scanner.next();
      else if (scanner.kind !== 'identifier') return this.fail('Here an argument or a block should begin.');
      else if (!this.item(into)) return false;
    }
  }

  private item(into: BodyUnderWay): boolean {
    if (++this.items > this.limits.maxItems) {
      this.isFull = true;
      return this.fail(
        `There are more than ${this.limits.maxItems} arguments and blocks; the rest of the file was not read.`,
      );
    }
    const { line } = this.scanner;
    const name = this.tokenText();
    if (this.scanner.next() === '=') {
      return this.attribute(name, line, into) && this.endOfLine('an argument');
    }
    return this.block(name, line, into) && this.endOfLine('a block');
  }

  private endOfLine(what: string): boolean {
    if (this.scanner.kind === 'newline' || this.scanner.kind === 'end') return true;
    return this.fail(`After ${what} the line should end.`);
  }

  /** Reads the value up to what ends it, which stays the current token. */
  private attribute(name: string, line: number, into: BodyUnderWay): boolean {
    const { scanner } = this;
    const base = scanner.depth;
    scanner.next();
    const begin = scanner.start;
    const beginLine = scanner.line;
    let end = begin;
    for (; scanner.kind !== 'failure' && scanner.kind !== 'end' && scanner.depth >= base; scanner.next()) {
      if (scanner.depth === base) {
        if (scanner.kind === 'newline') break;
        if (scanner.kind === '=' || scanner.kind === ',') {
          return this.fail('Every argument stands on a line of its own.');
        }
      }
      end = scanner.end;
    }
    if (scanner.kind === 'failure') return false;
    if (end === begin) return this.fail(`The argument "${name}" has no value.`);
    if (into.attributes.has(name)) {
      this.note({ line, message: `The argument "${name}" is set twice; the first value counts.` });
    } else {
      into.attributes.set(name, new NativeExpression(this.source, begin, end, beginLine));
    }
    return true;
  }

  private block(type: string, line: number, into: BodyUnderWay): boolean {
    const labels = this.labels(type);
    if (labels === undefined) return false;
    const body = this.braces();
    if (body === undefined) return false;
    into.blocks.push({ type, labels, line, body });
    return true;
  }

  private labels(type: string): readonly string[] | undefined {
    const { scanner } = this;
    const labels: string[] = [];
    for (; scanner.kind !== '{'; scanner.next()) {
      if (scanner.kind === 'identifier') labels.push(this.tokenText());
      else {
        const label = scanner.kind === 'quote' ? this.quotedLabel() : undefined;
        if (label === undefined) {
          this.fail(`After "${type}" comes "=" and a value, or labels and "{" on the same line.`);
          return undefined;
        }
        labels.push(label);
      }
    }
    return labels.length === 0 ? NO_LABELS : labels;
  }

  /** The text between quotes; afterwards the closing quote is the current token. */
  private quotedLabel(): string | undefined {
    const { scanner } = this;
    const start = scanner.start;
    if (scanner.next() === 'text') scanner.next();
    if (scanner.kind !== 'unquote') return undefined;
    const value = new NativeExpression(this.source, start, scanner.end, scanner.line).value;
    return typeof value === 'string' ? value : undefined;
  }

  /** What stands between the braces of a block, and goes past the closing one. */
  private braces(): HclBody | undefined {
    const { scanner } = this;
    const kind = scanner.next();
    if (kind === '}') {
      scanner.next();
      return EMPTY;
    }
    const body: BodyUnderWay = { attributes: new Map(), blocks: [] };
    const isRead = kind === 'newline' ? this.body(body, false) : this.onlyArgument(body);
    if (!isRead) return undefined;
    scanner.next();
    return {
      attributes: body.attributes.size === 0 ? NO_ATTRIBUTES : body.attributes,
      blocks: body.blocks.length === 0 ? NO_BLOCKS : body.blocks,
    };
  }

  private onlyArgument(into: BodyUnderWay): boolean {
    const { scanner } = this;
    const isName = scanner.kind === 'identifier';
    const name = this.tokenText();
    const { line } = scanner;
    if (!isName || scanner.next() !== '=') {
      return this.fail('A block on one line holds a single argument; write one item a line.');
    }
    this.items++;
    if (!this.attribute(name, line, into)) return false;
    return (
      scanner.kind === '}' ||
      this.fail('A block that begins with an argument on its first line ends there too.')
    );
  }

  private note(problem: HclProblem): void {
    if (this.problems.length < this.limits.maxProblems) this.problems.push(problem);
  }

  private tokenText(): string {
    return this.source.slice(this.scanner.start, this.scanner.end);
  }

  private fail(message: string): false {
    this.broken ??= this.scanner.failure ?? { line: this.scanner.line, message };
    return false;
  }
}

/** Offset of the block header that this line holds, at most `indent` characters from its beginning; -1 otherwise. */
function headerAt(source: string, lineStart: number, indent: number): number {
  let start = lineStart;
  while (start - lineStart < indent && isBlank(source.charCodeAt(start))) start++;
  let at = start;
  for (let length = identifierLength(source, at); length > 0; length = identifierLength(source, at)) {
    at = labelsEnd(source, at + length);
    if (source.charAt(at) === '{') return start;
  }
  return -1;
}

/** Goes over blanks and quoted labels. */
function labelsEnd(source: string, from: number): number {
  let at = from;
  for (;;) {
    while (isBlank(source.charCodeAt(at))) at++;
    if (source.charAt(at) !== '"') return at;
    at++;
    while (at < source.length && source.charAt(at) !== '"' && source.charCodeAt(at) !== LF) at++;
    if (source.charAt(at) !== '"') return at;
    at++;
  }
}

const isBlank = (code: number): boolean => code === 32 || code === 9;
