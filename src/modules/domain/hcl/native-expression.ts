import { expressionText } from './expression-text.js';
import type { HclExpression, JsonValue } from './hcl-tree.js';
import { readShape } from './literal-reader.js';
import type { LiteralShape } from './literal-reader.js';

/** An expression of the native syntax. It remembers where it stands and is looked at when somebody asks. */
export class NativeExpression implements HclExpression {
  constructor(
    private readonly source: string,
    private readonly start: number,
    private readonly end: number,
    readonly line: number,
    private known?: LiteralShape,
  ) {}

  get text(): string {
    return expressionText(this.source, this.start, this.end);
  }

  get value(): JsonValue | undefined {
    return this.shape().value;
  }

  get entries(): ReadonlyMap<string, HclExpression> | undefined {
    return this.shape().entries;
  }

  get items(): readonly HclExpression[] | undefined {
    return this.shape().items;
  }

  private shape(): LiteralShape {
    this.known ??= readShape(
      this.source,
      this.start,
      this.end,
      this.line,
      (start, end, line, shape) => new NativeExpression(this.source, start, end, line, shape),
    );
    return this.known;
  }
}
