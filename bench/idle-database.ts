import type { BenchServers } from './servers.js';

/** What the registry may do in the database by itself: polls, jobs, download counts. */
const MAX_PER_SECOND = 20;

/** Runs `work`, which asks for held documents only, and says how busy the database was meanwhile. */
export async function withIdleDatabase<T>(
  servers: BenchServers,
  work: () => Promise<T>,
): Promise<{ result: T; note: string; isIdle: boolean }> {
  const database = await servers.connectDatabase();
  const committed = async (): Promise<number> => {
    // PostgreSQL reports what an idle connection did at most ten seconds later.
    await new Promise((resolve) => setTimeout(resolve, 11_000));
    const { rows } = await database.query(
      'SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()',
    );
    return Number(rows[0].xact_commit);
  };
  const before = await committed();
  const startedMs = performance.now();
  const result = await work();
  const after = await committed();
  await database.end();
  const perSecond = (after - before) / ((performance.now() - startedMs) / 1_000);
  const note = `hits cost no SQL: ${perSecond.toFixed(1)} transactions/s meanwhile, at most ${MAX_PER_SECOND} in the background`;
  return { result, note, isIdle: perSecond <= MAX_PER_SECOND };
}
