import { pipeline, type Readable, Transform } from 'node:stream';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { resolveByteRange } from '../../../platform/http/byte-range.js';
import type { ObjectBody, ObjectRange } from '../../object-store.js';
import { ObjectStoreUnavailable } from '../../object-store.errors.js';
import type { S3Access } from './s3-client.js';
import { sortedError } from './s3.errors.js';

/** Whether `range` contains no byte of any object; S3 would ignore it and send everything. */
export function isEmptyRange(range: ObjectRange | undefined): boolean {
  return range !== undefined && resolveByteRange(range, Number.MAX_SAFE_INTEGER) === undefined;
}

/** Opens an object, and checks that the answer is about the part that was asked for. */
export async function openObject(
  { client, bucket }: S3Access,
  path: string,
  range: ObjectRange | undefined,
): Promise<ObjectBody> {
  const command = new GetObjectCommand({
    Bucket: bucket,
    Key: path,
    ...(range && { Range: headerOf(range) }),
  });
  const answer = await client.send(command);
  const body = answer.Body as Readable;
  const found = placeOf(answer.ContentRange, answer.ContentLength);
  const wanted = found && resolveByteRange(range, found.size);
  if (found?.start !== wanted?.start || found?.length !== wanted?.length || !found || !wanted) {
    body.destroy();
    throw new ObjectStoreUnavailable('get', { cause: new Error('S3 sent another part of the object') });
  }
  return {
    size: found.size,
    start: wanted.start,
    length: wanted.length,
    stream: exactly(body, wanted.length),
  };
}

function headerOf(range: ObjectRange): string {
  return 'suffix' in range ? `bytes=-${range.suffix}` : `bytes=${range.start}-${range.end ?? ''}`;
}

/** What the headers say: the whole object, or `Content-Range: bytes <first>-<last>/<size>`. Undefined when they do not fit together. */
function placeOf(
  contentRange: string | undefined,
  contentLength: number | undefined,
): { size: number; start: number; length: number } | undefined {
  if (contentLength === undefined) return undefined;
  if (contentRange === undefined) return { size: contentLength, start: 0, length: contentLength };
  const [, first, last, size] = (/^bytes (\d+)-(\d+)\/(\d+)$/.exec(contentRange) ?? []).map(Number);
  if (first === undefined || last === undefined || size === undefined) return undefined;
  return last - first + 1 === contentLength ? { size, start: first, length: contentLength } : undefined;
}

/** Passes `length` bytes on; more, fewer, and every failure of the connection end it with `ObjectStoreUnavailable`. */
export function exactly(body: Readable, length: number): Transform {
  let left = length;
  const wrong = (): Error =>
    new ObjectStoreUnavailable('get', { cause: new Error('S3 sent another number of bytes') });
  const checked = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      left -= chunk.length;
      if (left < 0) done(wrong());
      else done(null, chunk);
    },
    flush: (done) => done(left > 0 ? wrong() : null),
    destroy: (error, done) => done(error && sortedError(error, 'get')),
  });
  pipeline(body, checked, () => undefined);
  return checked;
}
