/** How long and how much a mirror takes from an upstream. */
export class FetchLimits {
  /** One document: discovery, a list, a description, checksums, a signature. */
  readonly metadataTimeoutMs: number = 20_000;
  /** One package with all attempts (`mirror.download_timeout`). */
  readonly downloadTimeoutMs: number = 600_000;
  /** How often the connection of one package may break. */
  readonly downloadAttempts: number = 3;
  /** Pause before the second attempt; doubled before each further one. */
  readonly retryPauseMs: number = 500;
  /** In each stretch of this length at least `minBytesPerWindow` have to arrive. */
  readonly paceWindowMs: number = 30_000;
  readonly minBytesPerWindow: number = 16 * 1024;
  /** Largest package (`uploads.provider.max_size`). */
  readonly maxPackageBytes: number = 500 * 1024 * 1024;
  /** What downloads leave free on the disk of temporary files. */
  readonly freeSpaceReserveBytes: number = 64 * 1024 * 1024;

  constructor(changes: Partial<FetchLimits> = {}) {
    Object.assign(this, changes);
  }
}
