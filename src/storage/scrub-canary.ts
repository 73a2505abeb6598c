import { ArtifactKey } from './artifact-key.js';
import { ObjectNotFound, ObjectStoreRejected, ObjectStoreUnavailable } from './object-store.errors.js';
import type { ObjectStore } from './object-store.js';
import type { NamedStore } from './object-stores.service.js';
import type { ScrubArtifactsRepository } from './persistence/scrub-artifacts.repository.js';
import { PROBES_ROOT } from './probe-objects.js';

const CANARIES = 5;

/** Whether a storage as a whole works, asked before anything is held against a single object of it. */
export class ScrubCanary {
  constructor(
    private readonly holder: NamedStore,
    private readonly rows: ScrubArtifactsRepository,
  ) {}

  /**
   * Settles when an object that was read lately, none of `suspects`, can be opened. Where there is none, and no
   * `witness` is needed: when the storage answers and is not empty. Throws ObjectStoreUnavailable otherwise: the volume
   * may not be mounted, the bucket may be another one, the credentials may have run out.
   */
  async assertWorks(suspects: readonly string[], needsWitness: boolean): Promise<void> {
    const { name, store } = this.holder;
    const canaries = await this.rows.lately(name, suspects, CANARIES);
    let problem: unknown;
    for (const { key } of canaries) {
      try {
        return await open(store, key);
      } catch (error) {
        problem = error;
      }
    }
    if (canaries.length > 0 || needsWitness) {
      throw new ObjectStoreUnavailable('scrub: no object can be read', { cause: problem });
    }
    await assertAnswers(store);
    await assertNotEmpty(store);
  }
}

async function open(store: ObjectStore, key: string): Promise<void> {
  const { stream } = await store.get(key, { start: 0, end: 0 });
  for await (const _byte of stream);
}

async function assertAnswers(store: ObjectStore): Promise<void> {
  try {
    await store.stat(`${PROBES_ROOT}scrub`);
  } catch (error) {
    if (error instanceof ObjectNotFound) return;
    if (error instanceof ObjectStoreRejected)
      throw new ObjectStoreUnavailable('scrub: stat', { cause: error });
    throw error;
  }
}

async function assertNotEmpty(store: ObjectStore): Promise<void> {
  for await (const _object of store.list(ArtifactKey.root)) return;
  throw new ObjectStoreUnavailable('scrub: the storage has no objects at all');
}
