import { ArchiveRejected } from './archives.errors.js';
import { foldEntryName, quoteEntry } from './entry-path.js';

interface Node {
  readonly path: string;
  readonly type: 'file' | 'directory';
  /** Has an entry of its own; directories may also be known only from what is in them. */
  isEntry: boolean;
}

/** The files and directories of an archive as a case-insensitive, normalizing file system would see them. */
export class EntryTree {
  private readonly nodes = new Map<string, Node>();

  /**
   * Adds an entry. Throws {@link ArchiveRejected} for a name that is there already, also when only case or
   * Unicode composition differs, and for a file that is used as a directory too.
   */
  add(path: string, type: 'file' | 'directory'): void {
    let slash = path.indexOf('/');
    while (slash !== -1) {
      this.place(path.slice(0, slash), 'directory', false);
      slash = path.indexOf('/', slash + 1);
    }
    this.place(path, type, true);
  }

  private place(path: string, type: 'file' | 'directory', isEntry: boolean): void {
    const key = foldEntryName(path);
    const known = this.nodes.get(key);
    if (known === undefined) {
      this.nodes.set(key, { path, type, isEntry });
      return;
    }
    if (known.type !== type) {
      throw new ArchiveRejected(`${quoteEntry(path)} is a file and a directory at once; rename one of them`);
    }
    if (known.path !== path) {
      throw new ArchiveRejected(
        `${quoteEntry(known.path)} and ${quoteEntry(path)} are one name on some file systems; rename one of them`,
      );
    }
    if (known.isEntry && isEntry) {
      throw new ArchiveRejected(`entry ${quoteEntry(path)} occurs twice; pack it once`);
    }
    known.isEntry ||= isEntry;
  }
}
