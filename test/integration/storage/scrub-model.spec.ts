import { buffer } from 'node:stream/consumers';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MemoryObjectStore } from '../../../src/storage/adapters/memory/memory-object-store.js';
import { ObjectNotFound } from '../../../src/storage/object-store.errors.js';
import { ArtifactDamaged, ArtifactVanished } from '../../../src/storage/storage.errors.js';
import { StorageFixture } from './storage-fixture.js';

const RUNS = 20;
const STORAGES = ['one', 'two'] as const;
const CONTENTS = ['alpha', 'beta'] as const;

type Storage = (typeof STORAGES)[number];
type Content = (typeof CONTENTS)[number];

/** A version that is published: where its bytes must be, and whether somebody spoilt them. */
interface Version {
  readonly id: string;
  readonly storage: Storage;
  readonly content: Content;
}

/** What must be true, as far as a reader can tell. */
interface Model {
  versions: Version[];
  readonly spoilt: Set<string>;
  readonly down: Set<Storage>;
}

const seen = { repaired: 0, flagged: 0, swept: 0 };
let fixture: StorageFixture;
const stores = { one: new MemoryObjectStore(), two: new MemoryObjectStore() };
beforeAll(async () => {
  fixture = await StorageFixture.start();
});
afterAll(() => fixture.stop());

const placeOf = (storage: Storage, content: Content): string => `${storage} ${content}`;
const isReferenced = ({ versions }: Model, storage: Storage, content: Content): boolean =>
  versions.some((version) => version.storage === storage && version.content === content);

async function bytesIn(storage: Storage, content: Content): Promise<string | undefined> {
  try {
    return (await buffer((await stores[storage].get(fixture.keyOf(content).path)).stream)).toString();
  } catch (error) {
    if (error instanceof ObjectNotFound) return undefined;
    throw error;
  }
}

/** Bytes that a version needs are right, unless somebody spoilt them. */
async function expectNothingLost(model: Model): Promise<void> {
  for (const { storage, content } of model.versions) {
    if (model.down.has(storage) || model.spoilt.has(placeOf(storage, content))) continue;
    expect(await bytesIn(storage, content), placeOf(storage, content)).toBe(content);
  }
}

abstract class Step {
  async run(model: Model): Promise<void> {
    await this.act(model);
    await expectNothingLost(model);
  }

  protected abstract act(model: Model): Promise<void>;
  abstract toString(): string;
}

class Publish extends Step {
  constructor(
    readonly storage: Storage,
    readonly content: Content,
  ) {
    super();
  }

  async act(model: Model): Promise<void> {
    const place = placeOf(this.storage, this.content);
    try {
      const { versionId: id } = await fixture.publish(this.content, this.storage);
      model.versions.push({ id, storage: this.storage, content: this.content });
      if ((await bytesIn(this.storage, this.content)) !== this.content) model.spoilt.add(place);
    } catch (error) {
      const isRefused = model.spoilt.has(place) && error instanceof ArtifactDamaged;
      const isAway = model.down.has(this.storage) && (error as { kind?: string }).kind === 'unavailable';
      if (!isRefused && !isAway && !(error instanceof ArtifactVanished)) throw error;
    }
  }

  toString = (): string => `publish ${this.content} to ${this.storage}`;
}

class Bury extends Step {
  constructor(readonly at: number) {
    super();
  }

  async act(model: Model): Promise<void> {
    const [version] = model.versions.splice(this.at % Math.max(1, model.versions.length), 1);
    if (version) await fixture.bury(version.id);
  }

  toString = (): string => `bury version ${this.at}`;
}

class Spoil extends Step {
  constructor(
    readonly at: number,
    readonly how: 'missing' | 'wrong' | 'cut',
  ) {
    super();
  }

  async act(model: Model): Promise<void> {
    const version = model.versions[this.at % Math.max(1, model.versions.length)];
    if (version === undefined || model.down.has(version.storage)) return;
    const { storage, content } = version;
    const { path } = fixture.keyOf(content);
    await stores[storage].delete(path);
    const wrong = { missing: undefined, wrong: content.toUpperCase(), cut: content.slice(1) }[this.how];
    if (wrong !== undefined) await stores[storage].put(path, Buffer.from(wrong));
    model.spoilt.add(placeOf(storage, content));
  }

  toString = (): string => `spoil version ${this.at}: ${this.how}`;
}

class Sweep extends Step {
  async act(model: Model): Promise<void> {
    seen.swept += (await fixture.sweep.run({ graceMs: 0, takeOverMs: 0 })).removed;
    for (const storage of STORAGES) {
      for (const content of CONTENTS) {
        if (!isReferenced(model, storage, content) && !model.down.has(storage)) {
          expect(await bytesIn(storage, content)).toBeUndefined();
          model.spoilt.delete(placeOf(storage, content));
        }
      }
    }
  }

  toString = (): string => 'sweep';
}

class Scrub extends Step {
  async act(model: Model): Promise<void> {
    const expected = new Set<string>();
    for (const { storage, content } of model.versions) {
      if (!model.down.has(storage) && !(await this.canBeRight(model, storage, content))) {
        expected.add(placeOf(storage, content));
      }
    }
    // One that waits for a storage goes on with what was stored before it began.
    await fixture.sql(`UPDATE storage_scrubs SET cycle_ended_at = now()`);
    for (const storage of STORAGES) await fixture.cycles.begin(storage);
    await fixture.sql(`UPDATE artifacts SET repair_tried_at = NULL`);
    await fixture.scrub.run({ secondLookMs: 0, runMs: 20_000 });
    for (const { storage, content } of model.versions) {
      if (model.down.has(storage)) continue;
      const isFlagged = await this.isFlagged(storage, content);
      expect(isFlagged, placeOf(storage, content)).toBe(expected.has(placeOf(storage, content)));
      if (isFlagged) seen.flagged += 1;
      else if (model.spoilt.delete(placeOf(storage, content))) seen.repaired += 1;
    }
  }

  /** Whether the bytes are right, or right ones are to be had. */
  private async canBeRight(model: Model, storage: Storage, content: Content): Promise<boolean> {
    for (const place of STORAGES) {
      const isAsked = place === storage || !model.down.has(place);
      if (isAsked && (await bytesIn(place, content)) === content) return true;
    }
    return false;
  }

  private async isFlagged(storage: Storage, content: Content): Promise<boolean> {
    const rows = await fixture.sql(
      `SELECT 1 FROM artifacts WHERE storage = $1 AND key = $2 AND damaged_at IS NOT NULL`,
      [storage, fixture.keyOf(content).path],
    );
    return rows.length > 0;
  }

  toString = (): string => 'scrub';
}

class Toggle extends Step {
  async act(model: Model): Promise<void> {
    const isDown = model.down.delete('two');
    if (!isDown) model.down.add('two');
    stores.two.failWith(isDown ? undefined : new Error('down'));
  }

  toString = (): string => 'let "two" fail, or come back';
}

async function beginAnew(): Promise<Model> {
  stores.one = new MemoryObjectStore();
  stores.two = new MemoryObjectStore();
  for (const storage of STORAGES) fixture.storages.put(storage, stores[storage]);
  for (const table of [
    'module_versions',
    'artifacts',
    'artifact_deletions',
    'storage_epochs',
    'storage_scrubs',
  ]) {
    await fixture.sql(`DELETE FROM ${table}`);
  }
  for (const storage of STORAGES) await fixture.publish('a witness that nobody touches', storage);
  return { versions: [], spoilt: new Set(), down: new Set() };
}

describe('publishing, burying, spoiling, sweeping and scrubbing two storages in any order', () => {
  it('never loses bytes that are needed, and tells which are damaged', { timeout: 180_000 }, async () => {
    const publish = fc
      .tuple(fc.constantFrom(...STORAGES), fc.constantFrom(...CONTENTS))
      .map(([where, what]) => new Publish(where, what));
    const spoil = fc
      .tuple(fc.nat(20), fc.constantFrom('missing' as const, 'wrong' as const, 'cut' as const))
      .map(([at, how]) => new Spoil(at, how));
    const bury = fc.nat(20).map((at) => new Bury(at));
    const step = fc.oneof(
      { weight: 4, arbitrary: publish as fc.Arbitrary<Step> },
      { weight: 3, arbitrary: spoil },
      { weight: 2, arbitrary: bury },
      { weight: 2, arbitrary: fc.constant(new Sweep()) },
      { weight: 3, arbitrary: fc.constant(new Scrub()) },
      { weight: 1, arbitrary: fc.constant(new Toggle()) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 25, maxLength: 40 }), async (steps) => {
        const model = await beginAnew();
        for (const one of steps) await one.run(model);
      }),
      { numRuns: RUNS, endOnFailure: true },
    );
    // Otherwise the steps would not have met what they are about.
    expect(seen.repaired).toBeGreaterThan(0);
    expect(seen.flagged).toBeGreaterThan(0);
    expect(seen.swept).toBeGreaterThan(0);
  });
});
