import type { Measurement } from './measurement.js';

/** What is known of one workload after all rounds. */
export interface WorkloadResult {
  readonly id: string;
  readonly name: string;
  /** Medians over the rounds, for workloads under load. */
  readonly registry?: Measurement;
  readonly raw?: Measurement;
  /** CPU per request of raw `node:http`, divided by that of the registry. */
  readonly ratio?: number;
  readonly target?: number;
  /** Further facts, with their limits: `peak RSS growth 61 MiB (at most 96)`. */
  readonly notes: readonly string[];
  /** Whether target and limits are kept. */
  readonly isMet: boolean;
  /** The yardstick moved too much between the rounds for the numbers to count. */
  readonly isVoid: boolean;
}
