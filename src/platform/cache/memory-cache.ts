/** A value and when reading it began, on the scale of `performance.now()`. */
export interface CachedValue<V> {
  readonly value: V;
  readonly readAtMs: number;
}

interface Entry<V> {
  readonly promise: Promise<CachedValue<V>>;
  readonly readAtMs: number;
  isSettled: boolean;
}

/**
 * Values that may be a little out of date: each lives `lifeMs` from the moment its reading began, at most
 * `maxEntries` are held (the oldest goes first), and readers who ask for the same key at the same time share
 * one reading. Failures are not kept.
 */
export class MemoryCache<V> {
  private readonly entries = new Map<string, Entry<V>>();

  constructor(
    private readonly options: { lifeMs: number; maxEntries: number; keeps?: (value: V) => boolean },
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** How many values are held. */
  get size(): number {
    return this.entries.size;
  }

  /** The value held for `key`, or what `load` gives. */
  get(key: string, load: () => Promise<V>): Promise<CachedValue<V>> {
    const held = this.entries.get(key);
    if (held !== undefined && (!held.isSettled || this.now() - held.readAtMs < this.options.lifeMs)) {
      return held.promise;
    }
    return this.read(key, load);
  }

  /** Forgets `key`; a reading in progress reaches those who wait for it and nobody else. */
  forget(key: string): void {
    this.entries.delete(key);
  }

  /** Forgets everything. */
  clear(): void {
    this.entries.clear();
  }

  private read(key: string, load: () => Promise<V>): Promise<CachedValue<V>> {
    const readAtMs = this.now();
    const drop = (entry: Entry<V>) => {
      if (this.entries.get(key) === entry) this.entries.delete(key);
    };
    const promise = load().then(
      (value) => {
        entry.isSettled = true;
        if (this.options.keeps?.(value) === false) drop(entry);
        return { value, readAtMs };
      },
      (error: unknown) => {
        drop(entry);
        throw error;
      },
    );
    const entry: Entry<V> = { promise, readAtMs, isSettled: false };
    this.entries.delete(key);
    if (this.entries.size >= this.options.maxEntries) this.makeRoom();
    this.entries.set(key, entry);
    return promise;
  }

  /** Entries stand in the order of their age. */
  private makeRoom(): void {
    const nowMs = this.now();
    for (const [key, entry] of this.entries) {
      const isFresh = nowMs - entry.readAtMs < this.options.lifeMs;
      if (isFresh && this.entries.size < this.options.maxEntries) return;
      this.entries.delete(key);
    }
  }
}
