import { rm } from 'node:fs/promises';
import { join } from 'node:path';

/** A private directory for the files of one operation. */
export class SpoolDirectory {
  constructor(
    /** Absolute path; exists until `remove`. */
    readonly path: string,
    private readonly removed: () => void = () => undefined,
  ) {}

  /** The path of a file in this directory. `name` comes from the program, never from a client. */
  file(name: string): string {
    return join(this.path, name);
  }

  /** Removes the directory and everything in it. Safe to call more than once. */
  async remove(): Promise<void> {
    await rm(this.path, { recursive: true, force: true, maxRetries: 3 });
    this.removed();
  }
}
