import { type GcsAnswer, GcsFailure, invalid } from './gcs-answers.js';
import type { GcsBucket, KeptSession, WantedObject } from './gcs-bucket.js';
import { bytesOf, type GcsCall } from './gcs-call.js';
import { resourceOf } from './gcs-object-calls.js';
import { beginningOf, joinedBytes, keepBytes } from './stored-bytes.js';

/** Chunks that are not the last are multiples of this; of one that breaks off so much is kept. */
const CHUNK_UNIT = 256 * 1024;
const CONTENT_RANGE = /^bytes (?:(\d+)-(\d+)|\*)\/(\d+)$/;

/** Where uploads are kept. */
export interface UploadPlace {
  readonly bucket: GcsBucket;
  readonly directory: string;
  /** Address of this server. */
  readonly url: string;
}

/** `uploadType=multipart`: metadata and bytes in one request. */
export async function insertObject(call: GcsCall, { bucket, directory }: UploadPlace): Promise<GcsAnswer> {
  if (call.query.get('uploadType') !== 'multipart')
    throw invalid('Only multipart and resumable uploads are known here');
  const { wanted, bytes } = partsOf(await bytesOf(call), String(call.headers['content-type']));
  const kept = await keepBytes(once(bytes), directory);
  const object = await bucket.create(wanted, kept, call.query.get('ifGenerationMatch'));
  return { status: 200, json: resourceOf(object, call.bucket) };
}

/** `uploadType=resumable`: a session for the object that the metadata describe. */
export async function beginUpload(call: GcsCall, { bucket, url }: UploadPlace): Promise<GcsAnswer> {
  const wanted = JSON.parse((await bytesOf(call)).toString()) as WantedObject;
  const { id } = bucket.begin(wanted, call.query.get('ifGenerationMatch'));
  const location = `${url}/upload/storage/v1/b/${call.bucket}/o?uploadType=resumable&upload_id=${id}`;
  return { status: 200, headers: { location } };
}

/** Bytes for a session, or the question how far it is. */
export async function takeChunk(call: GcsCall, { bucket, directory }: UploadPlace): Promise<GcsAnswer> {
  const session = sessionOf(call, bucket);
  const [, first, last, size] = CONTENT_RANGE.exec(call.headers['content-range'] ?? '') ?? [];
  if (size === undefined) throw invalid('Invalid Content-Range');
  if (session.object) return { status: 200, json: resourceOf(session.object, call.bucket) };
  if (first === undefined) return progressOf(session);
  if (Number(first) !== receivedBy(session))
    throw invalid('The chunk does not begin where the last one ended');
  const arrived = await keepBytes(call.body, directory);
  const isWhole = arrived.size === Number(last) - Number(first) + 1;
  const isLast = isWhole && Number(last) + 1 === Number(size);
  if (isWhole && !isLast && arrived.size % CHUNK_UNIT !== 0) {
    throw invalid(`A chunk of ${arrived.size} bytes is not a multiple of ${CHUNK_UNIT}`);
  }
  const kept = isLast ? arrived.size : Math.floor(arrived.size / CHUNK_UNIT) * CHUNK_UNIT;
  session.parts.push(beginningOf(arrived, kept));
  if (!isLast) return progressOf(session);
  return finish(call, session, bucket);
}

/** Gives a session up. The service has a status of its own for that. */
export async function cancelUpload(call: GcsCall, { bucket }: UploadPlace): Promise<GcsAnswer> {
  const session = sessionOf(call, bucket);
  bucket.sessions.delete(session.id);
  if (!session.object) await joinedBytes(session.parts).remove();
  return { status: 499 };
}

async function finish(call: GcsCall, session: KeptSession, bucket: GcsBucket): Promise<GcsAnswer> {
  const said = /md5=([^,\s]+)/.exec(String(call.headers['x-goog-hash'] ?? ''))?.[1];
  const wanted = { ...session.wanted, md5Hash: said ?? session.wanted.md5Hash };
  try {
    session.object = await bucket.create(wanted, joinedBytes(session.parts), session.ifGenerationMatch);
  } catch (error) {
    bucket.sessions.delete(session.id);
    throw error;
  }
  return { status: 200, json: resourceOf(session.object, call.bucket) };
}

function sessionOf({ query }: GcsCall, { sessions }: GcsBucket): KeptSession {
  const session = sessions.get(query.get('upload_id') ?? '');
  if (!session) throw new GcsFailure(404, 'notFound', 'No such upload');
  return session;
}

function receivedBy({ parts }: KeptSession): number {
  return parts.reduce((sum, { size }) => sum + size, 0);
}

function progressOf(session: KeptSession): GcsAnswer {
  const received = receivedBy(session);
  return { status: 308, headers: received > 0 ? { range: `bytes=0-${received - 1}` } : {} };
}

/** The two parts of `multipart/related`. */
function partsOf(body: Buffer, contentType: string): { wanted: WantedObject; bytes: Buffer } {
  const boundary = /boundary="?([^";]+)/.exec(contentType)?.[1];
  if (boundary === undefined) throw invalid('No boundary');
  const mark = Buffer.from(`--${boundary}`);
  const places = [body.indexOf(mark)];
  places.push(body.indexOf(mark, places[0]! + 1), body.lastIndexOf(mark));
  const [metadata, bytes] = [0, 1].map((at) => {
    const part = body.subarray(places[at]! + mark.length, places[at + 1]! - 2);
    return part.subarray(part.indexOf('\r\n\r\n') + 4);
  });
  if (places.includes(-1) || !metadata || !bytes) throw invalid('Not two parts');
  return { wanted: JSON.parse(metadata.toString()) as WantedObject, bytes };
}

async function* once(bytes: Buffer): AsyncIterable<Buffer> {
  if (bytes.length > 0) yield bytes;
}
