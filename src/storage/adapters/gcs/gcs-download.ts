import { resolveRange } from '../../object-range.js';
import type { ObjectBody, ObjectRange } from '../../object-store.js';
import { ObjectStoreUnavailable } from '../../object-store.errors.js';
import { CheckedBody, checksumOf } from './checked-body.js';
import type { WireAnswer } from './gcs-transport.js';

const CONTENT_RANGE = /^bytes (\d+)-(\d+)\/(\d+)$/;

/** The value of a `Range` header; undefined for a range that has no byte in any object, and so no form. */
export function rangeHeader(range: ObjectRange): string | undefined {
  if ('suffix' in range) return range.suffix > 0 ? `bytes=-${range.suffix}` : undefined;
  if (range.end !== undefined && range.end < range.start) return undefined;
  return `bytes=${range.start}-${range.end ?? ''}`;
}

/**
 * The object or the part of it in `answer`, checked against what was asked: its place, its length, and the checksum
 * of a whole object. The stream fails when other bytes come, or fewer.
 */
export function openAnswer(answer: WireAnswer, range: ObjectRange | undefined, idleMs: number): ObjectBody {
  try {
    const part = partIn(answer);
    const wanted = resolveRange(range, part.size);
    if (wanted.start !== part.start || wanted.length !== part.length) {
      throw new ObjectStoreUnavailable('get: another part than was asked for');
    }
    const isWhole = part.length === part.size;
    const checksum = isWhole ? checksumOf(answer.headers) : undefined;
    return { ...part, stream: new CheckedBody(answer.body, part.length, checksum, idleMs) };
  } catch (error) {
    answer.body.destroy();
    throw error;
  }
}

interface Part {
  readonly size: number;
  readonly start: number;
  readonly length: number;
}

function partIn({ status, headers }: WireAnswer): Part {
  const length = Number(headers.get('content-length') ?? Number.NaN);
  if (status === 200 && Number.isSafeInteger(length)) return { size: length, start: 0, length };
  const [, first, last, size] = CONTENT_RANGE.exec(headers.get('content-range') ?? '') ?? [];
  if (status !== 206 || first === undefined) throw new ObjectStoreUnavailable('get: unclear how much comes');
  return { size: Number(size), start: Number(first), length: Number(last) - Number(first) + 1 };
}
