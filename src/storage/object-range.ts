import { type BytePart, resolveByteRange } from '../platform/http/byte-range.js';
import type { ObjectRange } from './object-store.js';
import { ObjectStoreRejected } from './object-store.errors.js';

/** The part that `range` means in an object of `size` bytes; `ObjectStoreRejected` when it contains none of them. */
export function resolveRange(range: ObjectRange | undefined, size: number): BytePart {
  const part = resolveByteRange(range, size);
  if (!part) throw new ObjectStoreRejected('range', size);
  return part;
}
