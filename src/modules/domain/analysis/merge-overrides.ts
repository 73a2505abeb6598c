import type { HclBlock } from '../hcl/hcl-tree.js';
import type { AnalysisProblem } from '../module-analysis.js';
import { identityOf, isUnique, titleOf } from './declaration.js';
import type { Declaration } from './declaration.js';

/**
 * Merges what override files say into what the other files declare: an argument replaces the one of its name, blocks
 * inside replace all of their type. What has nothing to override is a problem and left out.
 */
export function mergeOverrides(
  base: readonly Declaration[],
  overrides: readonly Declaration[],
  problems: AnalysisProblem[],
): readonly Declaration[] {
  if (overrides.length === 0) return base;
  const merged = [...base];
  const places = new Map(base.map((declaration, index) => [identityOf(declaration), index]));
  for (const override of overrides) {
    if (!isUnique(override)) {
      merged.push(override);
      continue;
    }
    const index = places.get(identityOf(override));
    const original = index === undefined ? undefined : merged[index];
    if (index === undefined || original === undefined) {
      const message = `There is no ${titleOf(override)} that this file could override.`;
      problems.push({ file: override.file, line: override.block.line, message });
      continue;
    }
    merged[index] = { ...original, block: mergeBlock(original.block, override.block) };
  }
  return merged;
}

function mergeBlock(original: HclBlock, override: HclBlock): HclBlock {
  const replaced = new Set(override.body.blocks.map(({ type }) => type));
  return {
    ...original,
    body: {
      attributes: new Map([...original.body.attributes, ...override.body.attributes]),
      blocks: [...original.body.blocks.filter(({ type }) => !replaced.has(type)), ...override.body.blocks],
    },
  };
}
