import type { SearchSummary } from './persistence/search-results.repository.js';

/** Counting fewer rows costs less than remembering them. */
const MIN_KEPT_TOTAL = 1_000;
const FRESH_MS = 5_000;
const KEPT_MS = 60_000;
const MAX_ENTRIES = 500;

interface Entry {
  readonly summary: SearchSummary;
  readonly countedAtMs: number;
}

type Count = () => Promise<SearchSummary>;

/**
 * Totals and facets of large results, by what was asked and who may see what. They are given for a minute; whoever asks
 * when they are older than five seconds has them counted again afterwards. Those who ask at the same time share a count.
 */
export class SearchSummaries {
  private readonly entries = new Map<string, Entry>();
  private readonly counting = new Map<string, Promise<SearchSummary>>();

  constructor(private readonly now: () => number = () => performance.now()) {}

  /** What is held for `key`, or what `count` gives. */
  async get(key: string, count: Count): Promise<SearchSummary> {
    const held = this.entries.get(key);
    if (held !== undefined && this.ageOf(held) < KEPT_MS) return held.summary;
    return this.count(key, count);
  }

  /** Whether what is held for `key` should be counted again, and nobody does. */
  isStale(key: string): boolean {
    const held = this.entries.get(key);
    return held !== undefined && this.ageOf(held) >= FRESH_MS && !this.counting.has(key);
  }

  /** Counts again, unless somebody does. */
  count(key: string, count: Count): Promise<SearchSummary> {
    const running = this.counting.get(key);
    if (running !== undefined) return running;
    const counted = count()
      .then((summary) => this.keep(key, summary))
      .finally(() => this.counting.delete(key));
    this.counting.set(key, counted);
    return counted;
  }

  private keep(key: string, summary: SearchSummary): SearchSummary {
    this.entries.delete(key);
    if (summary.total < MIN_KEPT_TOTAL) return summary;
    this.entries.set(key, { summary, countedAtMs: this.now() });
    const [oldest] = this.entries.keys();
    if (this.entries.size > MAX_ENTRIES && oldest !== undefined) this.entries.delete(oldest);
    return summary;
  }

  private ageOf({ countedAtMs }: Entry): number {
    return this.now() - countedAtMs;
  }
}
