import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { DataDirectoryInUse, EmbeddedPostgresFailed } from './database.errors.js';

const POLL_MS = 50;

/**
 * Locks on files of a data directory, by the file locks of SQLite: the operating system gives them back when the
 * process ends, however it ends. Each instance is one held lock.
 */
export class DataDirectoryLock {
  private constructor(private readonly handle: DatabaseSync) {}

  /** Takes the lock of the one process that serves from the directory; throws DataDirectoryInUse. */
  static server(directory: string): DataDirectoryLock {
    const lock = DataDirectoryLock.attempt(join(directory, 'server.lock'), 'exclusive');
    const pidFile = join(directory, 'server.pid');
    if (!lock) throw new DataDirectoryInUse(directory, pidIn(pidFile));
    writeFileSync(pidFile, `${process.pid}\n`);
    return lock;
  }

  /** Waits for the short lock under which PostgreSQL is prepared, started and stopped. */
  static async starting(directory: string, timeoutMs: number): Promise<DataDirectoryLock> {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const lock = DataDirectoryLock.attempt(join(directory, 'start.lock'), 'exclusive');
      if (lock) return lock;
      if (Date.now() > deadline) {
        throw new EmbeddedPostgresFailed(
          `Another process has been starting or stopping the database in ${directory} for too long. ` +
            'Look for a registry process that hangs and stop it.',
        );
      }
      await sleep(POLL_MS);
    }
  }

  /** Marks this process as one of those that use the running PostgreSQL. */
  static using(directory: string): DataDirectoryLock | undefined {
    return DataDirectoryLock.attempt(join(directory, 'users.lock'), 'shared');
  }

  /** Takes the lock that nobody gets while a process holds `using`. */
  static unused(directory: string): DataDirectoryLock | undefined {
    return DataDirectoryLock.attempt(join(directory, 'users.lock'), 'exclusive');
  }

  /** Gives the lock back; releasing twice does no harm. */
  release(): void {
    if (this.handle.isOpen) this.handle.close();
  }

  private static attempt(file: string, kind: 'shared' | 'exclusive'): DataDirectoryLock | undefined {
    let handle: DatabaseSync | undefined;
    try {
      handle = new DatabaseSync(file, { timeout: 0 });
      handle.exec(kind === 'exclusive' ? 'BEGIN EXCLUSIVE' : 'BEGIN; SELECT count(*) FROM sqlite_schema');
      return new DataDirectoryLock(handle);
    } catch (error) {
      if (handle?.isOpen) handle.close();
      if ((error as { errcode?: number }).errcode === SQLITE_BUSY) return undefined;
      throw new EmbeddedPostgresFailed(
        `The lock file ${file} cannot be used. Give this user write permission to the data directory.`,
        {},
        { cause: error },
      );
    }
  }
}

const SQLITE_BUSY = 5;

function pidIn(file: string): number | undefined {
  try {
    return Number.parseInt(readFileSync(file, 'utf8'), 10) || undefined;
  } catch {
    return undefined;
  }
}
