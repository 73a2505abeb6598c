import type { JsonNode } from './json-reader.js';
import type { HclExpression, JsonValue } from './hcl-tree.js';
import { expressionText } from './expression-text.js';
import { unescapeTemplate } from './template-text.js';

const INTERPOLATION = /(?<!\$)\$\{|(?<!%)%\{/;

/** An expression of the JSON syntax: strings are templates, and one that is a single `${…}` is that expression. */
export class JsonExpression implements HclExpression {
  readonly line: number;

  constructor(private readonly node: JsonNode) {
    this.line = node.line;
  }

  get text(): string {
    const inner = this.node.kind === 'scalar' ? interpolated(this.node.value) : undefined;
    return inner === undefined ? JSON.stringify(plain(this.node)) : expressionText(inner, 0, inner.length);
  }

  get value(): JsonValue | undefined {
    return literal(this.node);
  }

  get entries(): ReadonlyMap<string, HclExpression> | undefined {
    if (this.node.kind !== 'object') return undefined;
    const members = this.node.members.filter(({ key }) => key !== '//');
    if (members.some(({ key }) => INTERPOLATION.test(key))) return undefined;
    return new Map(members.map(({ key, value }) => [unescapeTemplate(key), new JsonExpression(value)]));
  }

  get items(): readonly HclExpression[] | undefined {
    return this.node.kind === 'array' ? this.node.items.map((item) => new JsonExpression(item)) : undefined;
  }
}

/** What stands between `${` and the `}` at the end, when that is all of the text. */
function interpolated(value: unknown): string | undefined {
  if (typeof value !== 'string' || !value.startsWith('${') || !value.endsWith('}')) return undefined;
  const inner = value.slice(2, -1);
  const isOne = !INTERPOLATION.test(inner) && (!inner.includes('}') || inner.includes('{'));
  return isOne ? inner : undefined;
}

/** The value as JSON holds it; a name that stands twice has its last value. */
function plain(node: JsonNode): JsonValue {
  if (node.kind === 'scalar') return node.value;
  if (node.kind === 'array') return node.items.map(plain);
  return Object.fromEntries(node.members.map(({ key, value }) => [key, plain(value)]));
}

function literal(node: JsonNode): JsonValue | undefined {
  if (node.kind === 'scalar') {
    if (typeof node.value !== 'string') return node.value;
    return INTERPOLATION.test(node.value) ? undefined : unescapeTemplate(node.value);
  }
  if (node.kind === 'array') {
    const items = node.items.map(literal);
    return items.every((item) => item !== undefined) ? items : undefined;
  }
  const members = node.members
    .filter(({ key }) => key !== '//')
    .map(({ key, value }) => [key, INTERPOLATION.test(key) ? undefined : literal(value)] as const);
  const isLiteral = members.every((pair): pair is readonly [string, JsonValue] => pair[1] !== undefined);
  return isLiteral
    ? Object.fromEntries(members.map(([key, value]) => [unescapeTemplate(key), value]))
    : undefined;
}
