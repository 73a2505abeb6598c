import type { HclBlock } from '../hcl/hcl-tree.js';

/** A block at the top of a configuration file, and where it stands. */
export interface Declaration {
  readonly file: string;
  readonly block: HclBlock;
  readonly isOverride: boolean;
}

/** Labels of the blocks that the registry reads. */
export const LABELS: ReadonlyMap<string, number> = new Map([
  ['terraform', 0],
  ['variable', 1],
  ['output', 1],
  ['provider', 1],
  ['resource', 2],
  ['data', 2],
  ['ephemeral', 2],
  ['module', 1],
  ['moved', 0],
  ['removed', 0],
  ['check', 1],
]);
/** May be written any number of times without being about the same thing. */
const REPEATABLE: ReadonlySet<string> = new Set(['terraform', 'moved', 'removed']);

/** What a declaration is about: two of the same identity cannot stand beside each other. */
export function identityOf({ block }: Declaration): string {
  const alias = block.type === 'provider' ? block.body.attributes.get('alias')?.value : undefined;
  return JSON.stringify([block.type, ...block.labels, alias]);
}

/** Whether there may be only one declaration of each identity. */
export const isUnique = ({ block }: Declaration): boolean =>
  LABELS.has(block.type) && !REPEATABLE.has(block.type);

/** How a declaration is called in a sentence, e.g. `variable "name"`. */
export const titleOf = ({ block }: Declaration): string =>
  [block.type, ...block.labels.map((label) => JSON.stringify(label))].join(' ');
