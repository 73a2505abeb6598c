import type { LoadResult } from './http-load.js';
import { cpuMsOfTree } from './process-usage.js';

/** One timed run against one server. */
export interface Measurement {
  readonly requestsPerSecond: number;
  /** CPU of the server process tree per request, in µs. */
  readonly cpuMicros: number;
  /** CPU of PostgreSQL per request, in µs. */
  readonly databaseMicros: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Runs a load and reads the CPU of the server and of the database around it. */
export async function measure(
  serverPid: number,
  databasePid: number | undefined,
  run: () => Promise<LoadResult>,
): Promise<Measurement> {
  const read = (): [number, number] => [cpuMsOfTree(serverPid), databasePid ? cpuMsOfTree(databasePid) : 0];
  const before = read();
  const { answers, seconds, p50Ms, p99Ms } = await run();
  const after = read();
  const micros = (index: 0 | 1): number => ((after[index] - before[index]) * 1_000) / answers;
  return {
    requestsPerSecond: answers / seconds,
    cpuMicros: micros(0),
    databaseMicros: micros(1),
    p50Ms,
    p99Ms,
  };
}

/** The median of each number. */
export function medianOf(measurements: readonly Measurement[]): Measurement {
  const of = (field: keyof Measurement): number => median(measurements.map((one) => one[field]));
  return {
    requestsPerSecond: of('requestsPerSecond'),
    cpuMicros: of('cpuMicros'),
    databaseMicros: of('databaseMicros'),
    p50Ms: of('p50Ms'),
    p99Ms: of('p99Ms'),
  };
}

export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((one, other) => one - other);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** How far apart the highest and the lowest are, as a share of the lowest. */
export function spreadOf(numbers: readonly number[]): number {
  return Math.max(...numbers) / Math.min(...numbers) - 1;
}
