import type { Readable } from 'node:stream';
import type { BlobClient, BlobDownloadResponseParsed } from '@azure/storage-blob';
import type { BytePart } from '../../../platform/http/byte-range.js';
import type { ObjectBody, ObjectRange } from '../../object-store.js';
import { ObjectStoreUnavailable } from '../../object-store.errors.js';
import { resolveRange } from '../../object-range.js';
import { saysRangeIsOutside } from './azure-blob.errors.js';
import { watchedStream } from './watched-stream.js';

/** What is asked for: from `offset` on, `count` bytes or all, of the version `etag` or of whichever there is. */
interface Wanted {
  readonly offset: number;
  readonly count?: number;
  readonly etag?: string;
}

const CONTENT_RANGE = /^bytes (\d+)-(\d+)\/(\d+)$/;

/**
 * Opens a blob or a part of it with one request, and makes sure that what comes is what was asked for. One more is
 * made for a suffix, which Azure does not know, and for the size of a blob that a range lies outside of. The stream
 * fails when nothing comes for `pieceMs` milliseconds; it never goes on with another request.
 */
export async function openBlob(
  blob: BlobClient,
  range: ObjectRange | undefined,
  pieceMs: number,
): Promise<ObjectBody> {
  const wanted = wantedAtOnce(range) ?? (await wantedBySize(blob, range));
  const { offset, count, etag } = wanted;
  let answer: BlobDownloadResponseParsed;
  try {
    answer = await blob.download(offset, count, { maxRetryRequests: 0, conditions: { ifMatch: etag } });
  } catch (error) {
    if (!saysRangeIsOutside(error)) throw error;
    await wantedBySize(blob, range);
    throw error;
  }
  const source = answer.readableStreamBody as Readable;
  try {
    const { size, part } = sentPart(answer);
    const { start, length } = resolveRange(range, size);
    if (part.start !== start || part.length !== length) throw new ObjectStoreUnavailable('get: other bytes');
    return { size, start, length, stream: watchedStream(source, pieceMs) };
  } catch (error) {
    source.destroy();
    throw error;
  }
}

/** What a range means whatever the size of the blob is; undefined when it depends on that. */
function wantedAtOnce(range: ObjectRange | undefined): Wanted | undefined {
  if (range === undefined) return { offset: 0 };
  if ('suffix' in range || !Number.isSafeInteger(range.start)) return undefined;
  if (range.end === undefined || !Number.isSafeInteger(range.end)) return { offset: range.start };
  return range.end < range.start ? undefined : { offset: range.start, count: range.end - range.start + 1 };
}

/** Throws `ObjectStoreRejected` (`range`) when the range contains no byte. */
async function wantedBySize(blob: BlobClient, range: ObjectRange | undefined): Promise<Wanted> {
  const { contentLength = 0, etag } = await blob.getProperties();
  const { start, length } = resolveRange(range, contentLength);
  return { offset: start, count: length, etag };
}

/** Size of the blob and which part of it an answer carries. */
function sentPart({ contentRange, contentLength = -1 }: BlobDownloadResponseParsed): {
  size: number;
  part: BytePart;
} {
  if (contentRange === undefined) {
    return { size: contentLength, part: { start: 0, length: contentLength } };
  }
  const [, first, last, size] = (CONTENT_RANGE.exec(contentRange) ?? []).map(Number);
  if (size === undefined || last! - first! + 1 !== contentLength) {
    throw new ObjectStoreUnavailable('get: other bytes');
  }
  return { size, part: { start: first!, length: contentLength } };
}
