import type { StorageMigration } from './domain/storage-migration.js';
import type { LeaseToken } from './persistence/storage-migration-leases.repository.js';
import type { Reading } from './storage-migration-reading.js';

/** One run of a worker that has the lease of a migration. */
export interface MigrationWork extends Reading {
  readonly migration: StorageMigration;
  readonly lease: LeaseToken;
  /** Objects at a time. */
  readonly concurrency: number;
  /** Whether the time of this run is over: other jobs get their turn, and the next run goes on. */
  readonly isOver: () => boolean;
}

/** Another process has the lease, or somebody paused or cancelled the migration: this run ends and changes nothing. */
export class LeaseLost extends Error {}

/** What a run leaves: it goes on after `afterMs`, or ended the migration. */
export type RunResult = { readonly afterMs: number } | 'ended';

/** Runs `work` for every item, so many at a time. Waits for all that were begun, then throws the first failure. */
export async function eachOf<T>(
  items: readonly T[],
  atATime: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const rest = items.values();
  const failures: unknown[] = [];
  const worker = async (): Promise<void> => {
    for (const item of rest) {
      if (failures.length > 0) return;
      await work(item).catch((error: unknown) => failures.push(error));
    }
  };
  await Promise.all(Array.from({ length: atATime }, worker));
  if (failures.length > 0) throw failures[0];
}
