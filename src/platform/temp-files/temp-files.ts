import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Injectable } from '@nestjs/common';
import { StorageConfig } from '../../config/storage.config.js';
import { SpoolDirectory } from './spool-directory.js';
import { newSpoolName, ownerHasEnded, spoolOwner } from './spool-name.js';

const NOT_OURS: ReadonlySet<string> = new Set(['EACCES', 'EPERM']);

/** A spool directory or staged file that its operation did not remove. */
export interface LeftoverSpool {
  readonly name: string;
  readonly path: string;
  /** Time since its last change, in milliseconds. */
  readonly ageMs: number;
}

/**
 * A directory per operation under `storage.temp_dir`, for uploads and other large intermediate files. The
 * operation removes its directory; what a killed process left is removed by the next one.
 */
@Injectable()
export class TempFiles {
  private readonly root: string;
  private readonly watched: readonly string[];
  private readonly open = new Set<string>();

  /** Local storage stages small objects in `.staging` of its own root; leftovers there are found as well. */
  constructor(config: StorageConfig) {
    this.root = config.tempDir;
    this.watched = [...new Set([config.tempDir, join(config.localBasePath, '.staging')])];
  }

  /** A new empty directory, readable by this user only. `prefix`: lower-case letters, digits and `-`. */
  async create(prefix: string): Promise<SpoolDirectory> {
    const path = join(this.root, newSpoolName(prefix));
    await mkdir(path, { mode: 0o700 }).catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
      await mkdir(this.root, { recursive: true, mode: 0o700 });
      await mkdir(path, { mode: 0o700 });
    });
    this.open.add(path);
    return new SpoolDirectory(path, () => this.open.delete(path));
  }

  /** How many directories of this instance exist now. Zero when nothing is under way. */
  get inUse(): number {
    return this.open.size;
  }

  /** Spool directories older than `minAgeMs`, of whatever process; those in use here are left out. */
  async leftovers(minAgeMs: number): Promise<LeftoverSpool[]> {
    const found: LeftoverSpool[] = [];
    for (const path of (await Promise.all(this.watched.map(spoolsIn))).flat()) {
      if (this.open.has(path)) continue;
      const status = await stat(path).catch(() => undefined);
      const ageMs = status ? Date.now() - status.mtimeMs : -1;
      if (ageMs >= minAgeMs) found.push({ name: basename(path), path, ageMs });
    }
    return found;
  }

  /** Removes what ended processes of this host left, and whatever is older than `maxAgeMs`. Returns how many. */
  async removeLeftovers(maxAgeMs: number): Promise<number> {
    let removed = 0;
    for (const { name, path, ageMs } of await this.leftovers(0)) {
      const owner = spoolOwner(name);
      if (ageMs < maxAgeMs && !(owner && ownerHasEnded(owner))) continue;
      if (await removedByUs(path)) removed += 1;
    }
    return removed;
  }
}

/** The system's directory for temporary files has those of other users as well: they are not ours to remove. */
async function removedByUs(path: string): Promise<boolean> {
  try {
    await rm(path, { recursive: true, force: true, maxRetries: 3 });
    return true;
  } catch (error) {
    if (NOT_OURS.has((error as NodeJS.ErrnoException).code ?? '')) return false;
    throw error;
  }
}

async function spoolsIn(root: string): Promise<string[]> {
  try {
    const names = await readdir(root);
    return names.filter((name) => spoolOwner(name) !== undefined).map((name) => join(root, name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
