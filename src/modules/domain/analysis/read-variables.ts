import type { HclBlock } from '../hcl/hcl-tree.js';
import type { ModuleInput, ModuleOutput } from '../module-analysis.js';
import { flagOf, optionalTextOf, textOf } from './read-values.js';

/** Types that old configurations write without what they contain. */
const SHORT_TYPES: ReadonlyMap<string, string> = new Map([
  ['', 'any'],
  ['list', 'list(any)'],
  ['map', 'map(any)'],
]);

/** Reads a `variable` block. */
export function readInput(block: HclBlock): ModuleInput {
  const fallback = block.body.attributes.get('default');
  const value = fallback?.value;
  const type = textOf(block, 'type');
  return {
    name: block.labels[0] ?? '',
    type: SHORT_TYPES.get(type) ?? type,
    description: textOf(block, 'description'),
    default: value === undefined ? (fallback?.text ?? null) : value,
    required: fallback === undefined,
    sensitive: flagOf(block, 'sensitive', false),
    nullable: flagOf(block, 'nullable', true),
    ephemeral: flagOf(block, 'ephemeral', false),
    deprecated: optionalTextOf(block, 'deprecated'),
    validations: block.body.blocks
      .filter(({ type: nested }) => nested === 'validation')
      .map((validation) => ({
        condition: textOf(validation, 'condition'),
        error_message: textOf(validation, 'error_message'),
      })),
  };
}

/** Reads an `output` block. */
export function readOutput(block: HclBlock): ModuleOutput {
  return {
    name: block.labels[0] ?? '',
    description: textOf(block, 'description'),
    sensitive: flagOf(block, 'sensitive', false),
    ephemeral: flagOf(block, 'ephemeral', false),
    deprecated: optionalTextOf(block, 'deprecated'),
  };
}
