import { Injectable } from '@nestjs/common';
import { CacheInvalidation } from '../platform/cache/cache-invalidation.js';
import { QuarantinedArtifactsRepository } from './persistence/quarantined-artifacts.repository.js';

/** How old what decides about a request may be, also when the news of a change is lost. */
const LIFE_MS = 1_000;
/** From then on it is read again while requests go on. */
const RENEW_MS = 700;
/** Of more than these each is asked for by itself. */
const MAX_HELD = 10_000;

/** What a version of a feature does with an object. */
export interface ArtifactUse {
  /** Path of the object, e.g. `blobs/sha256/ab/cd/<digest>/<filename>`. */
  readonly key: string;
  readonly isQuarantined: boolean;
  /** Whether clients may get the version, so that they must get the object. */
  readonly isServed: boolean;
}

interface Known {
  readonly keys: ReadonlySet<string>;
  readonly readAtMs: number;
}

/**
 * Which stored objects nobody is given because a version that uses them is quarantined. Readers look into memory, which
 * is never older than a second; while the database is away, what was known last counts.
 */
@Injectable()
export class QuarantinedArtifacts {
  private known: Known | undefined;
  private last: Known | undefined;
  private reading: Promise<Known> | undefined;
  /** How often there was news: what was being read before it is out of date. */
  private news = 0;

  constructor(
    private readonly rows: QuarantinedArtifactsRepository,
    private readonly changes: CacheInvalidation,
  ) {
    changes.onChange('settings', () => {
      this.news += 1;
      this.known = undefined;
      this.reading = undefined;
    });
  }

  /**
   * Blocks and releases objects as their `uses` demand, in the transaction of the caller, which has changed some:
   * blocked is what a quarantined version uses and no version that is served. `names` are what all users of one object
   * have in common, e.g. its digest: who settles the same name waits for the end of the transaction, so that the
   * later one sees what the earlier did.
   */
  async settle(names: readonly string[], uses: () => Promise<readonly ArtifactUse[]>): Promise<void> {
    if (names.length === 0) return;
    await this.rows.lock(names);
    const all = await uses();
    const keys = [...new Set(all.map(({ key }) => key))];
    const served = new Set(all.filter(({ isServed }) => isServed).map(({ key }) => key));
    const quarantined = new Set(all.filter((use) => use.isQuarantined).map(({ key }) => key));
    const blocked = keys.filter((key) => quarantined.has(key) && !served.has(key));
    const released = keys.filter((key) => !quarantined.has(key) || served.has(key));
    const added = blocked.length > 0 ? await this.rows.add(blocked) : 0;
    const removed = released.length > 0 ? await this.rows.remove(released) : 0;
    if (added + removed > 0) this.changes.announce('settings');
  }

  /** Whether the object of this path is blocked. Throws `DatabaseUnavailable` only when nothing was ever known. */
  async has(key: string): Promise<boolean> {
    const { keys } = await this.current();
    return keys.has(key) || (keys.size >= MAX_HELD && this.rows.has(key));
  }

  /** The same without waiting; `undefined` when that cannot be said now. */
  hasNow(key: string): boolean | undefined {
    const { known } = this;
    if (known === undefined || known.keys.size >= MAX_HELD) return undefined;
    const ageMs = performance.now() - known.readAtMs;
    if (ageMs >= LIFE_MS) return undefined;
    if (ageMs >= RENEW_MS) this.renew();
    return known.keys.has(key);
  }

  private current(): Promise<Known> | Known {
    const { known } = this;
    const ageMs = known === undefined ? Number.POSITIVE_INFINITY : performance.now() - known.readAtMs;
    if (known === undefined || ageMs >= LIFE_MS) return this.read();
    if (ageMs >= RENEW_MS) this.renew();
    return known;
  }

  private renew(): void {
    this.read().catch(() => undefined);
  }

  private read(): Promise<Known> {
    if (this.reading !== undefined) return this.reading;
    const reading = this.load(this.news).finally(() => {
      if (this.reading === reading) this.reading = undefined;
    });
    return (this.reading = reading);
  }

  private async load(news: number): Promise<Known> {
    const readAtMs = performance.now();
    try {
      const read = { keys: new Set(await this.rows.keys(MAX_HELD)), readAtMs };
      if (news === this.news) this.known = this.last = read;
      return read;
    } catch (error) {
      if (this.last === undefined) throw error;
      return this.last;
    }
  }
}
