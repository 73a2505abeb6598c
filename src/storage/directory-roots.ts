import { realpath } from 'node:fs/promises';
import { basename, dirname, join, relative, sep } from 'node:path';

/** Directories below which others may lie, after all links are followed. */
export class DirectoryRoots {
  /** `roots` are absolute; they need not exist. */
  constructor(private readonly roots: readonly string[]) {}

  /** Whether the absolute path `directory`, which need not exist, is one of the roots or below one. */
  async contain(directory: string): Promise<boolean> {
    const real = await realPathOf(directory);
    const roots = await Promise.all(this.roots.map(realPathOf));
    return roots.some((root) => {
      const way = relative(root, real);
      return way !== '..' && !way.startsWith(`..${sep}`);
    });
  }
}

/** The real path of what exists, with the rest of the path behind it. */
async function realPathOf(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch {
    const parent = dirname(path);
    return parent === path ? path : join(await realPathOf(parent), basename(path));
  }
}
