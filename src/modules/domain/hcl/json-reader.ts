import type { HclLimits, HclProblem } from './hcl-tree.js';

/** A JSON value that knows its line, and keeps every member of an object, also those of the same name. */
export type JsonNode =
  | { readonly kind: 'scalar'; readonly line: number; readonly value: string | number | boolean | null }
  | { readonly kind: 'array'; readonly line: number; readonly items: readonly JsonNode[] }
  | { readonly kind: 'object'; readonly line: number; readonly members: readonly JsonMember[] };

/** A member of an object. */
export interface JsonMember {
  readonly key: string;
  readonly line: number;
  readonly value: JsonNode;
}

const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const WORDS: readonly (readonly [string, boolean | null])[] = [
  ['true', true],
  ['false', false],
  ['null', null],
];

/** Reads JSON text within the limits; a problem when it is none. */
export class JsonReader {
  private at = 0;
  private line = 1;
  private items = 0;
  private problem: HclProblem | undefined;

  constructor(
    private readonly source: string,
    private readonly limits: HclLimits,
  ) {
    if (source.startsWith('\uFEFF')) this.at = 1;
  }

  /** The value that the whole text is. */
  read(): { readonly node?: JsonNode; readonly problem?: HclProblem } {
    const node = this.value(0);
    this.skipSpace();
    if (node !== undefined && this.at < this.source.length)
      this.fail('After the JSON value the file should end.');
    return this.problem === undefined ? { node } : { problem: this.problem };
  }

  private value(depth: number): JsonNode | undefined {
    this.skipSpace();
    if (depth > this.limits.maxDepth) {
      return this.fail(`There are more than ${this.limits.maxDepth} objects and arrays inside each other.`);
    }
    if (++this.items > this.limits.maxItems) {
      return this.fail(`There are more than ${this.limits.maxItems} values in this file.`);
    }
    const { line } = this;
    const char = this.source.charAt(this.at);
    if (char === '{') return this.object(depth, line);
    if (char === '[') return this.array(depth, line);
    if (char === '"') {
      const text = this.string();
      return text === undefined ? undefined : { kind: 'scalar', line, value: text };
    }
    const word = WORDS.find(([name]) => this.source.startsWith(name, this.at));
    if (word !== undefined) {
      this.at += word[0].length;
      return { kind: 'scalar', line, value: word[1] };
    }
    return this.number(line);
  }

  private number(line: number): JsonNode | undefined {
    NUMBER.lastIndex = this.at;
    const digits = NUMBER.exec(this.source)?.[0];
    if (digits === undefined) return this.fail('Here a JSON value should begin.');
    this.at += digits.length;
    return { kind: 'scalar', line, value: Number(digits) };
  }

  private object(depth: number, line: number): JsonNode | undefined {
    const members: JsonMember[] = [];
    this.at++;
    if (this.take('}')) return { kind: 'object', line, members };
    do {
      this.skipSpace();
      const keyLine = this.line;
      if (this.source.charAt(this.at) !== '"')
        return this.fail('Here the name of a member should begin, in quotes.');
      const key = this.string();
      if (key === undefined) return undefined;
      if (!this.take(':')) return this.fail('After the name of a member comes ":" and its value.');
      const value = this.value(depth + 1);
      if (value === undefined) return undefined;
      members.push({ key, line: keyLine, value });
    } while (this.take(','));
    return this.take('}')
      ? { kind: 'object', line, members }
      : this.fail('The object should go on with "," or end with "}".');
  }

  private array(depth: number, line: number): JsonNode | undefined {
    const items: JsonNode[] = [];
    this.at++;
    if (this.take(']')) return { kind: 'array', line, items };
    do {
      const value = this.value(depth + 1);
      if (value === undefined) return undefined;
      items.push(value);
    } while (this.take(','));
    return this.take(']')
      ? { kind: 'array', line, items }
      : this.fail('The array should go on with "," or end with "]".');
  }

  private string(): string | undefined {
    const start = this.at++;
    for (; this.at < this.source.length; this.at++) {
      const code = this.source.charCodeAt(this.at);
      if (code === 92) this.at++;
      else if (code === 34) break;
      else if (code < 32)
        return this.fail('A string in JSON stands on one line; write "\\n" for a line break.');
    }
    this.at++;
    try {
      return JSON.parse(this.source.slice(start, this.at)) as string;
    } catch {
      return this.fail('The string is not closed or has an escape that JSON does not know.');
    }
  }

  private take(char: string): boolean {
    this.skipSpace();
    if (this.source.charAt(this.at) !== char) return false;
    this.at++;
    return true;
  }

  private skipSpace(): void {
    for (; this.at < this.source.length; this.at++) {
      const code = this.source.charCodeAt(this.at);
      if (code === 10) this.line++;
      else if (code !== 32 && code !== 9 && code !== 13) return;
    }
  }

  private fail(message: string): undefined {
    this.problem ??= { line: this.line, message };
    return undefined;
  }
}
