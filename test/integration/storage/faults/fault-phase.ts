import { buffer } from 'node:stream/consumers';
import { sha256Hex } from '../../../../src/kernel/sha256.js';
import type { ObjectStore } from '../../../../src/storage/object-store.js';
import { verifiedStream } from '../../../../src/storage/verified-stream.js';

const SIZES = [0, 1, 5_000, 70_000, 300_000];
const AT_ONCE = 8;

/** What one operation of a phase came to. */
type Outcome = 'done' | 'unavailable' | 'damaged';

/** What the operations of a phase came to, and everything that must never happen and did. */
export interface PhaseReport {
  readonly done: number;
  readonly unavailable: number;
  readonly damaged: number;
  readonly violations: readonly string[];
}

/**
 * Objects below one prefix and operations on them, chosen at random: downloads, parts, uploads, sizes and lists.
 * What is in the store before and what uploads were acknowledged is remembered, to be compared at the end.
 */
export class FaultPhase {
  private readonly expected = new Map<string, Buffer>();
  private readonly attempted = new Map<string, Buffer>();
  private readonly violations: string[] = [];
  private readonly outcomes: Record<Outcome, number> = { done: 0, unavailable: 0, damaged: 0 };

  constructor(
    private readonly prefix: string,
    private readonly random: () => number,
    private readonly checksParts: boolean,
  ) {}

  /** Stores what is read later. */
  async prepare(store: ObjectStore): Promise<void> {
    for (const [at, size] of SIZES.entries()) {
      const bytes = this.bytes(size);
      await store.put(`${this.prefix}/old-${at}`, bytes);
      this.expected.set(`${this.prefix}/old-${at}`, bytes);
    }
  }

  /** Does this many operations, some at a time. */
  async run(store: ObjectStore, operations: number): Promise<PhaseReport> {
    let left = operations;
    const lane = async (): Promise<void> => {
      while (left-- > 0) this.outcomes[await this.one(store)] += 1;
    };
    await Promise.all(Array.from({ length: AT_ONCE }, lane));
    return { ...this.outcomes, violations: this.violations };
  }

  /**
   * What the backend itself says: everything that was there or acknowledged, whole; of the other uploads all bytes or
   * none; nothing else. Returns what is wrong.
   */
  async audit(backend: ObjectStore): Promise<readonly string[]> {
    const wrong: string[] = [];
    const found = new Set<string>();
    for await (const { path } of backend.list(`${this.prefix}/`)) {
      found.add(path);
      const bytes = this.expected.get(path) ?? this.attempted.get(path);
      const stored = await buffer((await backend.get(path)).stream);
      if (!bytes) wrong.push(`${path} came from nowhere`);
      else if (!stored.equals(bytes)) wrong.push(`${path} has ${stored.length} other bytes`);
    }
    for (const path of this.expected.keys()) if (!found.has(path)) wrong.push(`${path} is lost`);
    return wrong;
  }

  private async one(store: ObjectStore): Promise<Outcome> {
    const kind = this.random();
    try {
      if (kind < 0.45) await this.download(store);
      else if (kind < 0.6) await this.part(store);
      else if (kind < 0.7) await this.size(store);
      else if (kind < 0.95) await this.upload(store);
      else await this.list(store);
      return 'done';
    } catch (error) {
      const { name } = error as Error;
      if (name === 'ObjectStoreUnavailable') return 'unavailable';
      if (name === 'ArtifactDamaged') return 'damaged';
      this.violations.push(`an operation failed with ${String(error)}`);
      return 'damaged';
    }
  }

  private async download(store: ObjectStore): Promise<void> {
    const [path, bytes] = this.known();
    const received = await buffer(verifiedStream(await store.get(path), sha256Hex(bytes)));
    if (!received.equals(bytes)) this.violations.push(`a download of ${path} brought other bytes`);
  }

  private async part(store: ObjectStore): Promise<void> {
    const [path, bytes] = this.known();
    if (bytes.length === 0) return this.download(store);
    const start = Math.floor(this.random() * bytes.length);
    const end = Math.floor(start + this.random() * (bytes.length - start));
    const body = await store.get(path, { start, end });
    const received = await buffer(body.stream);
    const isRight = body.size === bytes.length && received.equals(bytes.subarray(start, end + 1));
    if (this.checksParts && !isRight) this.violations.push(`a part of ${path} brought other bytes`);
  }

  private async size(store: ObjectStore): Promise<void> {
    const [path, bytes] = this.known();
    const { size } = await store.stat(path);
    if (size !== bytes.length) this.violations.push(`${path} was said to have ${size} bytes`);
  }

  private async upload(store: ObjectStore): Promise<void> {
    const path = `${this.prefix}/new-${this.attempted.size}`;
    const bytes = this.bytes(SIZES[Math.floor(this.random() * SIZES.length)]!);
    this.attempted.set(path, bytes);
    await store.put(path, bytes, { digest: sha256Hex(bytes) });
    this.expected.set(path, bytes);
  }

  private async list(store: ObjectStore): Promise<void> {
    const before = [...this.expected.keys()];
    const found = new Set<string>();
    for await (const { path } of store.list(`${this.prefix}/`)) found.add(path);
    const lacking = before.filter((path) => !found.has(path));
    if (lacking.length > 0) this.violations.push(`a list lacks ${lacking.join(', ')}`);
  }

  private known(): [string, Buffer] {
    const all = [...this.expected];
    return all[Math.floor(this.random() * all.length)]!;
  }

  private bytes(size: number): Buffer {
    const bytes = Buffer.alloc(size);
    for (let at = 0; at + 4 <= size; at += 4) bytes.writeUInt32LE(this.random() * 2 ** 32, at);
    return bytes;
  }
}
