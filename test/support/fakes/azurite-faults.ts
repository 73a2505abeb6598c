import { setTimeout as pause } from 'node:timers/promises';
import type { DamageKind, Intervention, RelayedRequest } from './azurite-relay.js';

/** The calls of the blob service that a store makes. */
export type AzureOperation =
  | 'GetBlob'
  | 'HeadBlob'
  | 'PutBlob'
  | 'PutBlock'
  | 'PutBlockList'
  | 'DeleteBlob'
  | 'ListBlobs'
  | 'GetUserDelegationKey';

/** What is to go wrong, and when. */
export interface AzureFault {
  /**
   * `status`: an error answer. `delay`: the answer comes late. `reset`: the connection breaks instead of an answer.
   * `silence`: no answer ever. `cut`: the connection breaks in the middle of a blob. `short`: a blob misses its end,
   * and the length in the headers agrees with that. `stall`: a blob stops coming in the middle. `corrupt`: a byte of a
   * blob is another one.
   */
  readonly kind: 'status' | 'delay' | 'reset' | 'silence' | DamageKind;
  /** For `status`: 500 unless given. */
  readonly status?: number;
  /** For `status`: the code that Azure has for it unless given. */
  readonly code?: string;
  /** For `delay`. */
  readonly delayMs?: number;
  /** For `status` and `reset`: the call was carried out before. */
  readonly afterwards?: boolean;
  /** Only these calls; all unless given. */
  readonly operations?: readonly AzureOperation[];
  /** Share of the calls that it strikes, from 0 to 1; all unless given. */
  readonly probability?: number;
  /** How often it strikes at most; without end unless given. */
  readonly times?: number;
}

const DAMAGES: ReadonlySet<string> = new Set<DamageKind>(['cut', 'short', 'stall', 'corrupt']);
const CODES: Readonly<Record<number, string>> = {
  403: 'AuthenticationFailed',
  404: 'BlobNotFound',
  429: 'TooManyRequests',
  500: 'InternalError',
  503: 'ServerBusy',
};

/** The faults of a relay. Chance comes from a seed, so that a run can be repeated. */
export class AzuriteFaults {
  /** How many calls were struck. */
  struck = 0;
  private state: number;
  private planned: { fault: AzureFault; left: number }[] = [];

  constructor(seed: number) {
    this.state = seed;
  }

  /** From now on `fault` may strike. Returns what ends it. */
  add(fault: AzureFault): () => void {
    const entry = { fault, left: fault.times ?? Infinity };
    this.planned.push(entry);
    return () => {
      this.planned = this.planned.filter((one) => one !== entry);
    };
  }

  clear(): void {
    this.planned = [];
  }

  /** What is done with a request: that of the first fault that strikes. */
  draw(request: RelayedRequest): Intervention | undefined {
    const operation = operationOf(request);
    const entry = this.planned.find(({ fault, left }) => {
      if (left <= 0 || !(fault.operations?.includes(operation) ?? true)) return false;
      if (DAMAGES.has(fault.kind) && operation !== 'GetBlob') return false;
      return this.random() < (fault.probability ?? 1);
    });
    if (!entry) return undefined;
    entry.left -= 1;
    this.struck += 1;
    return this.interventionOf(entry.fault);
  }

  private interventionOf({ kind, status = 500, code, delayMs, afterwards }: AzureFault): Intervention {
    switch (kind) {
      case 'status': {
        const answer = { status, headers: { 'x-ms-error-code': code ?? CODES[status] ?? 'InternalError' } };
        return afterwards ? { instead: answer } : answer;
      }
      case 'reset':
        return afterwards ? { instead: 'reset' } : 'reset';
      case 'silence':
        return 'silence';
      case 'delay':
        return { before: () => pause(delayMs) };
      default:
        return { damage: { kind, share: this.random() } };
    }
  }

  /** From 0 to just below 1 (mulberry32). */
  private random(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  }
}

function operationOf({ method, url }: RelayedRequest): AzureOperation {
  const call = new URL(url, 'http://relay').searchParams.get('comp');
  if (call === 'list') return 'ListBlobs';
  if (call === 'block') return 'PutBlock';
  if (call === 'blocklist') return 'PutBlockList';
  if (call === 'userdelegationkey') return 'GetUserDelegationKey';
  if (method === 'PUT') return 'PutBlob';
  if (method === 'DELETE') return 'DeleteBlob';
  return method === 'HEAD' ? 'HeadBlob' : 'GetBlob';
}
