import { added, largestStep, pairByName, removed } from './compare-changes.js';
import type { WeighedChange } from './compare-changes.js';
import { compareInputs } from './compare-inputs.js';
import { judgeNumbers } from './compare-numbers.js';
import { compareOutputs } from './compare-outputs.js';
import { compareProviders, compareRequiredVersion } from './compare-requirements.js';
import { compareCalls, compareResources } from './compare-resources.js';
import type { ModulePart } from './module-analysis.js';
import type { VersionComparison } from './version-comparison.js';

/** One version of a module as the comparison sees it. */
export interface ComparedVersion {
  readonly version: string;
  /** The root module and its submodules in any order; examples are ignored. */
  readonly parts: readonly ModulePart[];
}

/**
 * What somebody who uses the module sees change from one version to another, and whether the number says so (REST
 * contract, section 30.6). The root module comes first, then submodules by path; in each the order is that of
 * requirements, inputs, outputs, resources and calls, by name.
 */
export function compareVersions(from: ComparedVersion, to: ComparedVersion): VersionComparison {
  const pairs = pairByName(usable(from), usable(to), ({ path }) => path);
  const weighed = pairs.flatMap(({ name, before, after }) => comparePart(name, before, after));
  const verdict = judgeNumbers(from.version, to.version, largestStep(weighed.map(({ step }) => step)));
  const changes = weighed.map(({ step: _step, ...change }) => change);
  return { from: from.version, to: to.version, changes, verdict };
}

const usable = ({ parts }: ComparedVersion): readonly ModulePart[] =>
  parts.filter(({ kind }) => kind !== 'example');

function comparePart(path: string, before?: ModulePart, after?: ModulePart): readonly WeighedChange[] {
  if (before !== undefined && after !== undefined) return compareContents(path, before, after);
  if (before !== undefined) {
    return [removed('submodule', path, { step: 'major', clause: 'the submodule was removed' })];
  }
  return [added('submodule', path, { step: 'minor', clause: 'a submodule was added' })];
}

function compareContents(path: string, before: ModulePart, after: ModulePart): readonly WeighedChange[] {
  const changes = [
    ...compareRequiredVersion(before.requiredVersion, after.requiredVersion),
    ...compareProviders(before.providers, after.providers),
    ...compareInputs(before.inputs, after.inputs),
    ...compareOutputs(before.outputs, after.outputs),
    ...compareResources(before, after),
    ...compareCalls(before, after),
  ];
  return path === '' ? changes : changes.map((change) => ({ ...change, name: `${path}: ${change.name}` }));
}
