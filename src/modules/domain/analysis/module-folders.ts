import type { ModuleSources } from '../module-analysis.js';

/** The text files that stand directly in one folder of a module, by name. */
export type FolderFiles = ReadonlyMap<string, string>;

const CONFIGURATION = /\.(tf|tofu)(\.json)?$/;
const OVERRIDE = /(^|_)override\.(tf|tofu)(\.json)?$/;
/** Best first; compared in lower case. */
const README_NAMES = ['readme.md', 'readme.markdown', 'readme', 'readme.txt', 'readme.rst', 'readme.adoc'];
const CHANGELOG_NAMES = ['changelog.md', 'changelog.markdown', 'changelog', 'changelog.txt', 'changelog.rst'];

/** Sorts the files into the root (`""`) and the folders directly below `modules/` and `examples/`. */
export function foldersOf(sources: ModuleSources): ReadonlyMap<string, FolderFiles> {
  const folders = new Map<string, Map<string, string>>([['', new Map()]]);
  for (const [path, text] of sources) {
    const [first = '', second, third, ...deeper] = path.split('/');
    const isPart =
      third !== undefined && deeper.length === 0 && (first === 'modules' || first === 'examples');
    if (second !== undefined && !isPart) continue;
    const folder = isPart ? `${first}/${second}` : '';
    const files = folders.get(folder) ?? new Map<string, string>();
    folders.set(folder, files.set(isPart ? third : first, text));
  }
  return folders;
}

/** Names of the configuration files of a folder, in the order in which Terraform reads them. */
export interface ConfigurationFiles {
  readonly primary: readonly string[];
  readonly overrides: readonly string[];
}

/**
 * Chooses what is configuration. A registry serves Terraform and OpenTofu, so both kinds of file count; where
 * OpenTofu reads `x.tofu` instead of `x.tf`, so does this. Hidden files and backups of editors are left out.
 */
export function configurationFiles(files: FolderFiles): ConfigurationFiles {
  const names = [...files.keys()]
    .filter((name) => CONFIGURATION.test(name) && !isIgnored(name))
    .filter((name) => !files.has(name.replace(/\.tf(\.json)?$/, '.tofu$1')) || !/\.tf(\.json)?$/.test(name))
    .sort(byCodeUnit);
  return {
    primary: names.filter((name) => !OVERRIDE.test(name)),
    overrides: names.filter((name) => OVERRIDE.test(name)),
  };
}

/** Text of the README of a folder; `""` without one. */
export const readmeOf = (files: FolderFiles): string => bestOf(files, README_NAMES);

/** Text of the changelog of a folder; `""` without one. */
export const changelogOf = (files: FolderFiles): string => bestOf(files, CHANGELOG_NAMES);

/** Orders texts the same way on every machine. */
export const byCodeUnit = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0);

function bestOf(files: FolderFiles, names: readonly string[]): string {
  const rank = (name: string): number => names.indexOf(name.toLowerCase());
  const [best] = [...files.keys()]
    .filter((name) => rank(name) >= 0)
    .sort((a, b) => rank(a) - rank(b) || byCodeUnit(a, b));
  const text = best === undefined ? undefined : files.get(best);
  return text === undefined || text.includes('\0') ? '' : text;
}

const isIgnored = (name: string): boolean =>
  name.startsWith('.') || name.endsWith('~') || (name.startsWith('#') && name.endsWith('#'));
