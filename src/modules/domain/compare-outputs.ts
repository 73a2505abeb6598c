import { added, changed, pairByName, removed } from './compare-changes.js';
import type { Aspect, WeighedChange } from './compare-changes.js';
import { deprecationAspects } from './compare-inputs.js';
import type { ModuleOutput } from './module-analysis.js';

/** Compares the outputs of a module for those who use them. */
export function compareOutputs(from: readonly ModuleOutput[], to: readonly ModuleOutput[]): WeighedChange[] {
  return pairByName(from, to, ({ name }) => name).flatMap(({ name, before, after }) => {
    if (before !== undefined && after !== undefined) return changed('output', name, aspectsOf(before, after));
    if (before !== undefined)
      return removed('output', name, { step: 'major', clause: 'the output was removed' });
    return added('output', name, { step: 'minor', clause: 'an output was added' });
  });
}

/** What becomes sensitive or ephemeral may not be used in every place where it was. */
function aspectsOf(before: ModuleOutput, after: ModuleOutput): readonly Aspect[] {
  const aspects: Aspect[] = [];
  for (const mark of ['sensitive', 'ephemeral'] as const) {
    if (before[mark] === after[mark]) continue;
    aspects.push(
      after[mark]
        ? {
            step: 'major',
            clause: `the output became ${mark}, so that those who pass it on must mark it too`,
          }
        : { step: 'minor', clause: `the output is no longer ${mark}` },
    );
  }
  aspects.push(...deprecationAspects(before, after));
  if (before.description !== after.description) {
    aspects.push({ step: 'patch', clause: 'the description changed' });
  }
  return aspects;
}
