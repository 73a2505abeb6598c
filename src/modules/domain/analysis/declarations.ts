import type { HclBlock } from '../hcl/hcl-tree.js';
import { parseHclJson } from '../hcl/parse-hcl-json.js';
import { parseHcl } from '../hcl/parse-hcl.js';
import type { AnalysisProblem } from '../module-analysis.js';
import { identityOf, isUnique, LABELS, titleOf } from './declaration.js';
import type { Declaration } from './declaration.js';
import { mergeOverrides } from './merge-overrides.js';
import { configurationFiles } from './module-folders.js';
import type { FolderFiles } from './module-folders.js';

/** Everything that the files of one folder declare. */
export interface Declarations {
  /** By type of block, e.g. `variable`, each in the order of files. */
  readonly byType: ReadonlyMap<string, readonly Declaration[]>;
  readonly problems: readonly AnalysisProblem[];
  /** Whether no file holds a single block or argument, known or not. */
  readonly isEmpty: boolean;
}

/** Reads the configuration files of a folder, and merges override files into the others by Terraform's rule. */
export function readDeclarations(folder: string, files: FolderFiles): Declarations {
  const problems: AnalysisProblem[] = [];
  const { primary, overrides } = configurationFiles(files);
  let isEmpty = true;
  const read = (names: readonly string[], isOverride: boolean): Declaration[] =>
    names.flatMap((name) => {
      const file = folder === '' ? name : `${folder}/${name}`;
      const source = files.get(name) ?? '';
      const parsed = name.endsWith('.json') ? parseHclJson(source) : parseHcl(source);
      problems.push(...parsed.problems.map((problem) => ({ file, ...problem })));
      isEmpty &&= parsed.body.blocks.length + parsed.body.attributes.size === 0;
      return parsed.body.blocks
        .filter((block) => hasItsLabels(file, block, problems))
        .map((block) => ({ file, block, isOverride }));
    });
  const base = withoutDuplicates(read(primary, false), problems);
  const merged = mergeOverrides(base, read(overrides, true), problems);
  return { byType: Map.groupBy(merged, ({ block }) => block.type), problems, isEmpty };
}

function hasItsLabels(file: string, block: HclBlock, problems: AnalysisProblem[]): boolean {
  const wanted = LABELS.get(block.type);
  if (wanted === undefined) return false;
  if (block.labels.length === wanted) return true;
  const message = `A "${block.type}" block has ${wanted} ${wanted === 1 ? 'label' : 'labels'}, not ${block.labels.length}.`;
  problems.push({ file, line: block.line, message });
  return false;
}

function withoutDuplicates(declarations: readonly Declaration[], problems: AnalysisProblem[]): Declaration[] {
  const first = new Map<string, Declaration>();
  return declarations.filter((declaration) => {
    if (!isUnique(declaration)) return true;
    const identity = identityOf(declaration);
    const earlier = first.get(identity);
    if (earlier === undefined) {
      first.set(identity, declaration);
      return true;
    }
    const place = `${earlier.file}, line ${earlier.block.line}`;
    problems.push({
      file: declaration.file,
      line: declaration.block.line,
      message: `The ${titleOf(declaration)} is declared already (${place}); the first one counts.`,
    });
    return false;
  });
}
