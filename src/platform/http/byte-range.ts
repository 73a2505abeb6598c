/** Bytes from `start` (to `end`, inclusive), or the last `suffix` bytes. */
export type ByteRange = { readonly start: number; readonly end?: number } | { readonly suffix: number };

/** A part of something: `length` bytes from `start` on. */
export interface BytePart {
  readonly start: number;
  readonly length: number;
}

const ONE_RANGE = /^bytes=[ \t]*(\d*)-(\d*)[ \t]*$/i;

/**
 * The range that a `Range` header asks for. Undefined, which means the whole, for several ranges, other units and
 * everything that is not well formed (RFC 9110, 14.2).
 */
export function parseByteRange(header: string | undefined): ByteRange | undefined {
  const [, first, last] = header === undefined ? [] : (ONE_RANGE.exec(header) ?? []);
  if (first === undefined || last === undefined || (first === '' && last === '')) return undefined;
  if (first === '') return { suffix: Number(last) };
  if (last === '') return { start: Number(first) };
  return Number(first) <= Number(last) ? { start: Number(first), end: Number(last) } : undefined;
}

/** The part of `size` bytes that `range` means; undefined when it contains none of them. */
export function resolveByteRange(range: ByteRange | undefined, size: number): BytePart | undefined {
  if (range === undefined) return { start: 0, length: size };
  if ('suffix' in range) {
    const length = Math.min(range.suffix, size);
    return length > 0 ? { start: size - length, length } : undefined;
  }
  const end = Math.min(range.end ?? size - 1, size - 1);
  return range.start >= 0 && range.start <= end
    ? { start: range.start, length: end - range.start + 1 }
    : undefined;
}
