import { Injectable } from '@nestjs/common';
import { LimitsConfig } from '../config/limits.config.js';
import type { ArchiveLimits } from '../platform/archives/archive-limits.js';
import { ArchiveRejected } from '../platform/archives/archives.errors.js';
import { quoteEntry } from '../platform/archives/entry-path.js';
import { readTarGz, type TarListing } from '../platform/archives/tar-reader.js';
import type { ModuleManifest } from './domain/module-manifest.js';
import { moduleArchiveLimits } from './module-archive-limits.js';

const MAX_README_BYTES = 1024 * 1024;
const SOURCE_FILE = /(?:^|\/)[^/]+\.(?:tf|tofu|tf\.json|tofu\.json)$/;
/** Where the standard module structure keeps submodules: never a folder around the module. */
const SUBMODULES = 'modules';
/** What stands in a URL as it is; clients do not decode the part after `//`. */
const PLAIN_FOLDER = /^[A-Za-z0-9._~-]+$/;
/** Best first; compared in lower case. */
const README_NAMES = ['readme.md', 'readme.markdown', 'readme', 'readme.txt', 'readme.rst', 'readme.adoc'];

/** Decides whether a file is a module that clients can install, and reads what the registry shows of it. */
@Injectable()
export class ModuleInspector {
  private readonly limits: ArchiveLimits;

  constructor(limits: LimitsConfig) {
    this.limits = moduleArchiveLimits(limits);
  }

  /**
   * Reads the gzip-compressed tar at `path` (REST contract, section 15). Throws `ArchiveRejected` when it breaks a
   * rule of archives, has no `.tf`, `.tofu`, `.tf.json` or `.tofu.json` file, or a top folder that no client can ask for.
   * `isAtRoot`: the module begins at the root, also where everything is in one folder.
   */
  async inspect(path: string, { isAtRoot = false } = {}): Promise<ModuleManifest> {
    const listing = await readTarGz(path, this.limits, readmeCollector());
    const files = listing.entries.filter((entry) => entry.type === 'file').map((entry) => entry.name);
    if (!files.some((name) => SOURCE_FILE.test(name))) {
      throw new ArchiveRejected(
        'there is no .tf, .tofu, .tf.json or .tofu.json file in it; pack the folder that contains the module',
      );
    }
    const topFolder = isAtRoot ? null : singleTopFolder(listing);
    const root = topFolder === null ? '' : `${topFolder}/`;
    return {
      topFolder,
      readme: readmeOf(listing, root),
      files: files.length,
      unpackedBytes: listing.unpackedBytes,
    };
  }
}

function singleTopFolder({ entries }: TarListing): string | null {
  const first = entries[0]?.name.split('/', 1)[0] ?? '';
  const isAlone = entries.every(
    ({ name, type }) => name.startsWith(`${first}/`) || (name === first && type === 'directory'),
  );
  if (!isAlone || first === SUBMODULES) return null;
  if (!PLAIN_FOLDER.test(first)) {
    throw new ArchiveRejected(
      `the name of its top folder has characters that clients cannot ask for (${quoteEntry(first)}); use letters, digits, dots and dashes, or pack the files without a folder around them`,
    );
  }
  return first;
}

/**
 * Asks for READMEs at the root, and one folder down as long as everything so far was in one folder: where the
 * module begins is known only at the end.
 */
function readmeCollector(): (name: string, size: number) => boolean {
  const tops = new Set<string>();
  return (name, size) => {
    const [top = '', second, ...deeper] = name.split('/');
    tops.add(second === undefined ? '' : top);
    const file = second ?? top;
    const isNearRoot = second === undefined || (deeper.length === 0 && tops.size === 1);
    return isNearRoot && size <= MAX_README_BYTES && README_NAMES.includes(file.toLowerCase());
  };
}

function readmeOf({ contents }: TarListing, root: string): string | null {
  const candidates = [...contents.keys()]
    .filter((name) => name.startsWith(root) && !name.slice(root.length).includes('/'))
    .sort((left, right) => rank(left, root) - rank(right, root));
  const bytes = contents.get(candidates[0] ?? '');
  if (bytes === undefined || bytes.includes(0)) {
    return null;
  }
  return new TextDecoder('utf-8').decode(bytes);
}

function rank(name: string, root: string): number {
  return README_NAMES.indexOf(name.slice(root.length).toLowerCase());
}
