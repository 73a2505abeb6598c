import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

const ROOT = join(import.meta.dirname, '../fixtures/hcl');

/** The files below test/fixtures/hcl that are wanted, as pairs of path and text, in the order of paths. */
export function fixtureFiles(isWanted: (path: string) => boolean): [path: string, text: string][] {
  return readdirSync(ROOT, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path): [string, string] => [relative(ROOT, path).replaceAll('\\', '/'), path])
    .filter(([path]) => isWanted(path))
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([path, place]) => [path, readFileSync(place, 'utf8')]);
}

/** The files of one fixture as the sources of a module. */
export function fixtureModule(name: string): Map<string, string> {
  const prefix = `${name}/`;
  const files = fixtureFiles((path) => path.startsWith(prefix));
  return new Map(files.map(([path, text]) => [path.slice(prefix.length), text]));
}
