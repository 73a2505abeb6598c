import type { GcsAnswer } from './gcs-answers.js';
import type { GcsOperation } from './gcs-call.js';

/** What is to go wrong, and when. */
export interface GcsFault {
  /**
   * `status`: an error answer. `delay`: the answer comes late. `reset`: the connection breaks instead of an answer.
   * `silence`: no answer ever. `cut`: the connection breaks in the middle, of an object that is read or of bytes that
   * are sent. `short`: an object misses its end, and the lengths in the headers agree with that. `corrupt`: a byte
   * that is read or sent is another one.
   */
  readonly kind: 'status' | 'delay' | 'reset' | 'silence' | 'cut' | 'short' | 'corrupt';
  /** For `status`: 500 unless given. */
  readonly status?: number;
  /** For `status`: what the API calls the reason. */
  readonly code?: string;
  /** For `delay`. */
  readonly delayMs?: number;
  /** For `status` and `reset`: the call was carried out before. */
  readonly afterwards?: boolean;
  /** Only these calls; all unless given. */
  readonly operations?: readonly GcsOperation[];
  /** Share of the calls that it strikes, from 0 to 1; all unless given. */
  readonly probability?: number;
  /** How often it strikes at most; without end unless given. */
  readonly times?: number;
}

const OF_BYTES: readonly GcsFault['kind'][] = ['cut', 'short', 'corrupt'];
const WITH_BYTES: readonly GcsOperation[] = ['media', 'signed', 'insert', 'chunk'];

/** The faults of a server. Chance comes from a seed, so that a run can be repeated. */
export class GcsFaults {
  /** How many calls were struck. */
  struck = 0;
  private state: number;
  private planned: { fault: GcsFault; left: number }[] = [];

  constructor(seed: number) {
    this.state = seed;
  }

  /** From now on `fault` may strike. Returns what ends it. */
  add(fault: GcsFault): () => void {
    const entry = { fault, left: fault.times ?? Infinity };
    this.planned.push(entry);
    return () => {
      this.planned = this.planned.filter((one) => one !== entry);
    };
  }

  clear(): void {
    this.planned = [];
  }

  /** The fault that strikes a call, the first one that does. */
  draw(operation: GcsOperation): GcsFault | undefined {
    const entry = this.planned.find(({ fault, left }) => {
      if (left <= 0 || !(fault.operations?.includes(operation) ?? true)) return false;
      if (OF_BYTES.includes(fault.kind) && !WITH_BYTES.includes(operation)) return false;
      return this.random() < (fault.probability ?? 1);
    });
    if (!entry) return undefined;
    entry.left -= 1;
    this.struck += 1;
    return entry.fault;
  }

  /** An answer with an object in it, damaged as `fault` says; other answers as they are. */
  damaged(answer: GcsAnswer, { kind }: GcsFault): GcsAnswer {
    const length = Number(answer.headers?.['content-length'] ?? 0);
    const { body } = answer;
    if (typeof body !== 'object' || length === 0) return answer;
    const place = Math.floor(this.random() * length);
    if (kind === 'corrupt') return { ...answer, body: withWrongByte(body, place) };
    if (kind === 'cut') return { ...answer, body: firstBytes(body, place) };
    if (kind !== 'short') return answer;
    return {
      ...answer,
      headers: { ...answer.headers, 'content-length': place },
      body: firstBytes(body, place),
    };
  }

  /** Bytes that arrive, `length` of them, damaged as `fault` says. */
  damagedArrival(
    bytes: AsyncIterable<Buffer>,
    length: number,
    fault: GcsFault | undefined,
  ): AsyncIterable<Buffer> {
    if (fault?.kind !== 'corrupt' || length === 0) return bytes;
    return withWrongByte(bytes, Math.floor(this.random() * length));
  }

  /** From 0 to just below 1 (mulberry32). */
  random(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  }
}

async function* withWrongByte(bytes: AsyncIterable<Buffer>, position: number): AsyncIterable<Buffer> {
  let at = 0;
  for await (const chunk of bytes) {
    const here = position - at;
    at += chunk.length;
    if (here < 0 || here >= chunk.length) {
      yield chunk;
      continue;
    }
    // The stored bytes stay as they are.
    const copy = Buffer.from(chunk);
    copy[here]! ^= 0x40;
    yield copy;
  }
}

/** The first `length` bytes. */
export async function* firstBytes(bytes: AsyncIterable<Buffer>, length: number): AsyncIterable<Buffer> {
  let left = length;
  for await (const chunk of bytes) {
    if (left > 0) yield chunk.subarray(0, left);
    left -= chunk.length;
    if (left <= 0) return;
  }
}
