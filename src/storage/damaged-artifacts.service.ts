import { Injectable } from '@nestjs/common';
import { CacheInvalidation } from '../platform/cache/cache-invalidation.js';
import { MemoryCache } from '../platform/cache/memory-cache.js';
import { ScrubArtifactsRepository } from './persistence/scrub-artifacts.repository.js';

/** How long a change may stay unseen when the news of it is lost. */
const LIFE_MS = 1_000;

/** Of more than these each is asked for by itself. */
const MAX_HELD = 10_000;

/** Which stored objects are known to be damaged, so that nobody is given their bytes. */
@Injectable()
export class DamagedArtifacts {
  private readonly held = new MemoryCache<ReadonlySet<string>>({ lifeMs: LIFE_MS, maxEntries: 1 });
  private last: ReadonlySet<string> | undefined;
  private lastReadAtMs = Number.NEGATIVE_INFINITY;
  /** How often there was news: what was read before it is out of date. */
  private news = 0;

  constructor(
    private readonly rows: ScrubArtifactsRepository,
    private readonly changes: CacheInvalidation,
  ) {
    changes.onChange('settings', () => {
      this.held.clear();
      this.news += 1;
      this.lastReadAtMs = Number.NEGATIVE_INFINITY;
    });
  }

  /**
   * Whether the object of this path in this storage is damaged, as far as was known a moment ago. Waits for the
   * database the first time and after news only; while that is away, what was known last counts.
   */
  async has(storage: string, keyPath: string): Promise<boolean> {
    const places = await this.places();
    if (places.size < MAX_HELD) return places.has(nameOf(storage, keyPath));
    return this.rows.isDamaged({ storage, key: keyPath });
  }

  /** What is damaged changes with the surrounding transaction: after its commit every process looks again. */
  announce(): void {
    this.changes.announce('settings');
  }

  private async places(): Promise<ReadonlySet<string>> {
    if (this.last === undefined || this.lastReadAtMs === Number.NEGATIVE_INFINITY) return this.read();
    if (performance.now() - this.lastReadAtMs > LIFE_MS) void this.read();
    return this.last;
  }

  private async read(): Promise<ReadonlySet<string>> {
    const { news } = this;
    try {
      const { value, readAtMs } = await this.held.get('places', async () => {
        const places = await this.rows.damagedPlaces(MAX_HELD);
        return new Set(places.map(({ storage, key }) => nameOf(storage, key)));
      });
      if (news !== this.news) return value;
      this.lastReadAtMs = readAtMs;
      return (this.last = value);
    } catch {
      return this.last ?? new Set();
    }
  }
}

function nameOf(storage: string, keyPath: string): string {
  return `${storage}\n${keyPath}`;
}
