import { Injectable, type OnModuleInit } from '@nestjs/common';
import { StorageScrubConfig } from '../config/storage-scrub.config.js';
import type { Page, PageRequest } from '../kernel/page.js';
import { MemoryCache } from '../platform/cache/memory-cache.js';
import { Metrics, type StorageHealth } from '../platform/metrics/metrics.js';
import type { Artifact } from './domain/artifact.js';
import type { ScrubCounts, ScrubCycle } from './domain/scrub-cycle.js';
import { ScrubArtifactsRepository } from './persistence/scrub-artifacts.repository.js';
import { ScrubCyclesRepository } from './persistence/scrub-cycles.repository.js';
import { StoragesInUse } from './storages-in-use.service.js';

/** Several metrics are read in one scrape. */
const HEALTH_LIFE_MS = 1_000;

/** `waiting`: something hinders the cycle, see its `problem`. */
export type ScrubState = 'idle' | 'running' | 'waiting';

/** How one storage stands. */
export interface ScrubbedStorage {
  readonly storage: string;
  readonly state: ScrubState;
  /** Null before anything was done. */
  readonly cycle: ScrubCycle | null;
  readonly counts: ScrubCounts;
}

/** What is known about damage in the storages. */
@Injectable()
export class ScrubStatus implements OnModuleInit {
  private readonly health = new MemoryCache<StorageHealth[]>({ lifeMs: HEALTH_LIFE_MS, maxEntries: 1 });

  constructor(
    private readonly storages: StoragesInUse,
    private readonly rows: ScrubArtifactsRepository,
    private readonly cycles: ScrubCyclesRepository,
    private readonly metrics: Metrics,
    readonly config: StorageScrubConfig,
  ) {}

  onModuleInit(): void {
    this.metrics.watchStorages(async () => (await this.health.get('health', () => this.readHealth())).value);
  }

  /** Every storage in use, by name. */
  async list(): Promise<ScrubbedStorage[]> {
    const found: ScrubbedStorage[] = [];
    for (const storage of await this.storages.names()) {
      const cycle = await this.cycles.find(storage);
      found.push({ storage, state: stateOf(cycle), cycle, counts: await this.rows.counts(storage) });
    }
    return found;
  }

  /** Damaged artifacts of all storages, those found first at the top. */
  damaged(page: PageRequest): Promise<Page<Artifact>> {
    return this.rows.damagedPage(page);
  }

  private async readHealth(): Promise<StorageHealth[]> {
    const names = await this.storages.names();
    return Promise.all(names.map(async (storage) => ({ storage, ...(await this.rows.gauges(storage)) })));
  }
}

function stateOf(cycle: ScrubCycle | null): ScrubState {
  if (cycle === null) return 'idle';
  if (cycle.problem !== null) return 'waiting';
  return cycle.cycleStartedAt !== null && cycle.cycleEndedAt === null ? 'running' : 'idle';
}
