import type {
  AnalysisProblem,
  ModuleAnalysis,
  ModulePart,
  ModuleResource,
  ModuleSources,
} from '../module-analysis.js';
import { readDeclarations } from './declarations.js';
import { licenceOf } from './licence-of.js';
import { byCodeUnit, changelogOf, configurationFiles, foldersOf, readmeOf } from './module-folders.js';
import type { FolderFiles } from './module-folders.js';
import { readProviders, readRequiredVersion } from './read-requirements.js';
import { readCall, readRelocated, readResources } from './read-resources.js';
import { readInput, readOutput } from './read-variables.js';

/** As many as an author will read. */
const MAX_PROBLEMS = 200;

/**
 * Reads what a module declares from the text files of its archive: the root, and the folders with configuration files
 * directly below `modules/` and `examples/`. Never throws, and takes time in proportion to the texts: what is broken
 * is a problem and left out.
 */
export function analyzeModule(sources: ModuleSources): ModuleAnalysis {
  const folders = foldersOf(sources);
  const problems: AnalysisProblem[] = [];
  const rootFiles = folders.get('') ?? new Map<string, string>();
  const below = (parent: string, kind: ModulePart['kind']): ModulePart[] =>
    [...folders]
      .filter(([path, files]) => path.startsWith(parent) && hasConfiguration(files))
      .sort(([left], [right]) => byCodeUnit(left, right))
      .map(([path, files]) => readPart(path, kind, files, problems));
  const root = readPart('', 'root', rootFiles, problems);
  const submodules = below('modules/', 'submodule');
  const examples = below('examples/', 'example');
  return {
    root,
    submodules,
    examples,
    licence: licenceOf(rootFiles),
    changelog: changelogOf(rootFiles),
    problems: limited(problems),
  };
}

function hasConfiguration(files: FolderFiles): boolean {
  const { primary, overrides } = configurationFiles(files);
  return primary.length + overrides.length > 0;
}

function readPart(
  path: string,
  kind: ModulePart['kind'],
  files: FolderFiles,
  problems: AnalysisProblem[],
): ModulePart {
  const declarations = readDeclarations(path, files);
  problems.push(...declarations.problems);
  const blocks = (type: string) => (declarations.byType.get(type) ?? []).map(({ block }) => block);
  const resources = readResources(declarations);
  const relocated = readRelocated(declarations);
  return {
    path,
    kind,
    readme: readmeOf(files),
    empty: declarations.isEmpty,
    requiredVersion: readRequiredVersion(declarations),
    inputs: blocks('variable').map(readInput).sort(byName),
    outputs: blocks('output').map(readOutput).sort(byName),
    providers: readProviders(declarations, resources, problems).sort(byName),
    resources: resources.sort(byAddress),
    calls: blocks('module').map(readCall).sort(byName),
    ...(relocated.length > 0 ? { relocated } : {}),
  };
}

const byName = (left: { name: string }, right: { name: string }): number => byCodeUnit(left.name, right.name);

/** By name as all lists, then by type and mode, so that the order never depends on files. */
const byAddress = (left: ModuleResource, right: ModuleResource): number =>
  byName(left, right) || byCodeUnit(left.type, right.type) || byCodeUnit(left.mode, right.mode);

function limited(problems: readonly AnalysisProblem[]): readonly AnalysisProblem[] {
  if (problems.length <= MAX_PROBLEMS) return problems;
  const message = `There are ${problems.length - MAX_PROBLEMS} more problems than are listed here.`;
  return [...problems.slice(0, MAX_PROBLEMS), { file: '', line: 0, message }];
}
