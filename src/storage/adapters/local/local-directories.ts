import { mkdir, open, realpath, stat } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import { ObjectStoreRejected, ObjectStoreUnavailable } from '../../object-store.errors.js';
import { saysMissing, systemCode } from './local.errors.js';

/**
 * The directories of a local store. A directory counts only when its real path lies under the real path of
 * the root, so that a link planted in the tree leads nowhere.
 */
export class LocalDirectories {
  private readonly staging: string;
  private made: Promise<void> | undefined;

  constructor(readonly root: string) {
    this.staging = join(root, '.staging');
  }

  /**
   * Makes the root and the private directory for files that are being written, once: when they are gone later,
   * a volume is not mounted, and nothing is to be written in its place.
   */
  async prepare(): Promise<string> {
    this.made ??= mkdir(this.staging, { recursive: true, mode: 0o700 }).then(() => undefined);
    try {
      await this.made;
    } catch (error) {
      this.made = undefined;
      throw new ObjectStoreUnavailable('prepare', { cause: error });
    }
    return this.staging;
  }

  /** Throws `ObjectStoreUnavailable` when the root is not there, as when its volume is not mounted. */
  async assertRoot(operation: string): Promise<void> {
    await this.prepare();
    const status = await stat(this.staging).catch((error: unknown) => {
      throw new ObjectStoreUnavailable(operation, { cause: error });
    });
    if (!status.isDirectory()) throw new ObjectStoreUnavailable(operation);
  }

  /** Throws `ObjectStoreRejected` (`denied`) when `directory` really lies elsewhere, ENOENT when it is missing. */
  async assertInside(directory: string): Promise<void> {
    const root = await realpath(this.root);
    const real = await realpath(directory);
    if (real !== root && !real.startsWith(root.endsWith(sep) ? root : root + sep)) {
      throw new ObjectStoreRejected('denied');
    }
  }

  /** Makes `directory` and its parents below the root. */
  async make(directory: string): Promise<void> {
    try {
      await this.assertInside(directory);
    } catch (error) {
      if (!saysMissing(error) || directory === this.root) throw error;
      await this.make(dirname(directory));
      await mkdir(directory, { mode: 0o750 }).catch((failure: unknown) => {
        if (systemCode(failure) !== 'EEXIST') throw failure;
      });
      await this.assertInside(directory);
    }
  }

  /** Makes the entries of `directory` and of its parents up to the root survive a power failure. */
  async sync(directory: string): Promise<void> {
    // Windows cannot open a directory; it has no such call.
    if (process.platform === 'win32') return;
    for (let current = directory; ; current = dirname(current)) {
      const handle = await open(current, 'r');
      try {
        await handle.sync();
      } finally {
        await handle.close();
      }
      if (current === this.root || current === dirname(current)) return;
    }
  }
}
