import type { S3Operation } from './s3-call.js';

/** What is to go wrong, and when. */
export interface S3Fault {
  /**
   * `status`: an error answer. `delay`: the answer comes late. `reset`: the connection breaks instead of an answer.
   * `silence`: no answer ever. `cut`: the connection breaks in the middle of an object. `short`: an object misses
   * its end, and the lengths in the headers agree with that. `stall`: an object stops coming in the middle. `whole`: a range is not heeded. `corrupt`: a byte of an object is
   * another one.
   */
  readonly kind: 'status' | 'delay' | 'reset' | 'silence' | 'cut' | 'short' | 'stall' | 'whole' | 'corrupt';
  /** For `status`: 500 unless given. */
  readonly status?: number;
  /** For `status`: the code that S3 has for it unless given. */
  readonly code?: string;
  /** For `delay`. */
  readonly delayMs?: number;
  /** For `status`, `reset` and `delay`: the call is carried out before. */
  readonly afterwards?: boolean;
  /** Only these calls; all unless given. */
  readonly operations?: readonly S3Operation[];
  /** Share of the calls that it strikes, from 0 to 1; all unless given. */
  readonly probability?: number;
  /** How often it strikes at most; without end unless given. */
  readonly times?: number;
}

const OBJECT_FAULTS: readonly S3Fault['kind'][] = ['cut', 'short', 'stall', 'whole', 'corrupt'];

/** The faults of a server. Chance comes from a seed, so that a run can be repeated. */
export class S3Faults {
  /** How many calls were struck. */
  struck = 0;
  private state: number;
  private planned: { fault: S3Fault; left: number }[] = [];

  constructor(seed: number) {
    this.state = seed;
  }

  /** From now on `fault` may strike. Returns what ends it. */
  add(fault: S3Fault): () => void {
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
  draw(operation: S3Operation): S3Fault | undefined {
    const entry = this.planned.find(({ fault, left }) => {
      if (left <= 0 || !(fault.operations?.includes(operation) ?? true)) return false;
      if (OBJECT_FAULTS.includes(fault.kind) && operation !== 'GetObject') return false;
      return this.random() < (fault.probability ?? 1);
    });
    if (!entry) return undefined;
    entry.left -= 1;
    this.struck += 1;
    return entry.fault;
  }

  /** From 0 to just below 1 (mulberry32). */
  random(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  }
}
