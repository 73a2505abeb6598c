import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { parseByteRange, resolveByteRange } from '../../../../src/platform/http/byte-range.js';
import { type GcsAnswer, GcsFailure, noSuchObject } from './gcs-answers.js';
import type { GcsBucket, KeptObject } from './gcs-bucket.js';
import type { GcsCall } from './gcs-call.js';

const MAX_PAGE = 1_000;

/** What the JSON API says about an object. */
export function resourceOf(object: KeptObject, bucket: string): object {
  const { name, bytes, generation, timeCreated, contentType, contentEncoding } = object;
  const { storageClass, md5Hash, crc32c } = object;
  return {
    kind: 'storage#object',
    id: `${bucket}/${name}/${generation}`,
    name,
    bucket,
    generation,
    metageneration: '1',
    contentType,
    contentEncoding,
    storageClass,
    size: String(bytes.size),
    md5Hash,
    crc32c,
    timeCreated,
    updated: timeCreated,
  };
}

export function statObject({ bucket, name }: GcsCall, { objects }: GcsBucket): GcsAnswer {
  const object = objects.get(name);
  if (!object) throw noSuchObject(name);
  return { status: 200, json: resourceOf(object, bucket) };
}

/** How objects are sent. */
export interface MediaOptions {
  readonly hidesMd5?: boolean;
  readonly ignoresRanges?: boolean;
}

/** The bytes of an object or a part of them, as the JSON API and the XML API give them. */
export function objectMedia(
  { name, headers, method }: GcsCall,
  { objects }: GcsBucket,
  { hidesMd5 = false, ignoresRanges = false }: MediaOptions = {},
): GcsAnswer {
  const object = objects.get(name);
  if (!object) throw noSuchObject(name);
  const { bytes, md5Hash, crc32c, generation, contentType, contentEncoding, storageClass, timeCreated } =
    object;
  if (contentEncoding === 'gzip' && !/gzip/.test(String(headers['accept-encoding'] ?? ''))) {
    // "Decompressive transcoding": nobody knows how long it will be, and ranges are ignored.
    const body = Readable.from(bytes.read(0, bytes.size)).pipe(createGunzip());
    return { status: 200, headers: { 'content-type': contentType }, body };
  }
  const range = ignoresRanges ? undefined : parseByteRange(headers.range);
  const part = resolveByteRange(range, bytes.size);
  if (!part) throw new GcsFailure(416, 'requestedRangeNotSatisfiable', 'Request range not satisfiable');
  const { start, length } = part;
  const about = {
    'content-type': contentType,
    'content-length': length,
    'accept-ranges': 'bytes',
    'last-modified': new Date(timeCreated).toUTCString(),
    'x-goog-hash': `crc32c=${crc32c}${hidesMd5 ? '' : `,md5=${md5Hash}`}`,
    'x-goog-generation': generation,
    'x-goog-storage-class': storageClass,
    'x-goog-stored-content-encoding': contentEncoding ?? 'identity',
    'x-goog-stored-content-length': bytes.size,
    ...(contentEncoding !== undefined && { 'content-encoding': contentEncoding }),
  };
  const ofRange = { 'content-range': `bytes ${start}-${start + length - 1}/${bytes.size}` };
  return {
    status: range ? 206 : 200,
    headers: range ? { ...about, ...ofRange } : about,
    body: method === 'HEAD' ? '' : bytes.read(start, length),
  };
}

export async function deleteObject({ name, query }: GcsCall, bucket: GcsBucket): Promise<GcsAnswer> {
  const object = bucket.objects.get(name);
  if (!object) throw noSuchObject(name);
  bucket.assertGeneration(name, query.get('ifGenerationMatch'));
  bucket.objects.delete(name);
  await object.bytes.remove();
  return { status: 204 };
}

/** One page; its token is the name of the last object on the page before. */
export function listObjects({ bucket, query }: GcsCall, kept: GcsBucket, maxPage = MAX_PAGE): GcsAnswer {
  const size = Math.min(Number(query.get('maxResults') ?? MAX_PAGE), maxPage);
  const after = Buffer.from(query.get('pageToken') ?? '', 'base64url');
  const left = kept
    .sorted(query.get('prefix') ?? '')
    .filter(({ name }) => Buffer.compare(Buffer.from(name), after) > 0);
  const page = left.slice(0, size);
  const last = page.at(-1);
  const more = left.length > size && last ? Buffer.from(last.name).toString('base64url') : undefined;
  const items = page.length > 0 ? page.map((object) => resourceOf(object, bucket)) : undefined;
  return { status: 200, json: { kind: 'storage#objects', items, nextPageToken: more } };
}
