import type { HclBlock, HclExpression } from '../hcl/hcl-tree.js';

/** The text of an argument: its value when it is a string, else the expression; `""` without the argument. */
export function textOf(block: HclBlock, name: string): string {
  const expression = block.body.attributes.get(name);
  return expression === undefined || expression.value === null ? '' : writtenText(expression);
}

/** Like {@link textOf}; `null` without the argument. */
export function optionalTextOf(block: HclBlock, name: string): string | null {
  const expression = block.body.attributes.get(name);
  return expression === undefined || expression.value === null ? null : writtenText(expression);
}

/** The value of an argument that is true or false; anything else counts as `fallback`. */
export function flagOf(block: HclBlock, name: string, fallback: boolean): boolean {
  const value = block.body.attributes.get(name)?.value;
  return value === true || value === false ? value : fallback;
}

/** A string as its value, so that names and references read the same with quotes and without. */
export function writtenText(expression: HclExpression): string {
  const { value } = expression;
  return typeof value === 'string' ? value : expression.text;
}
