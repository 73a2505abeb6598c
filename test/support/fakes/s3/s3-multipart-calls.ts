import { createHash, randomUUID } from 'node:crypto';
import { text } from 'node:stream/consumers';
import { noSuchUpload, type S3Answer, S3Failure, xml } from './s3-answers.js';
import type { S3Part, S3Upload } from './s3-bucket.js';
import { headerOf, type S3Call } from './s3-call.js';
import { assertAbsent, base64Of, objectHeadersOf, receive, type S3Place } from './s3-object-calls.js';
import { assertPayload } from './s3-signature.js';
import { joinedBody } from './stored-body.js';

const MIN_PART_BYTES = 5 * 1024 * 1024;
const MAX_PART_NUMBER = 10_000;

export function createMultipartUpload(call: S3Call, { bucket }: S3Place): S3Answer {
  const algorithm = headerOf(call, 'x-amz-checksum-algorithm');
  if (algorithm !== undefined && algorithm !== 'SHA256') throw new S3Failure(501, 'NotImplemented');
  const upload: S3Upload = {
    id: randomUUID(),
    key: call.key,
    initiatedAtMs: Date.now(),
    headers: objectHeadersOf(call),
    hasChecksums: algorithm !== undefined,
    parts: new Map(),
  };
  bucket.uploads.set(upload.id, upload);
  const content = { Bucket: call.bucket, Key: call.key, UploadId: upload.id };
  return { status: 200, body: xml('InitiateMultipartUploadResult', content) };
}

export async function uploadPart(call: S3Call, place: S3Place): Promise<S3Answer> {
  const upload = uploadOf(call, place);
  const number = Number(call.query.get('partNumber'));
  if (!Number.isInteger(number) || number < 1 || number > MAX_PART_NUMBER) {
    throw new S3Failure(400, 'InvalidArgument');
  }
  const checksumSha256 = headerOf(call, 'x-amz-checksum-sha256');
  if (upload.hasChecksums && checksumSha256 === undefined) throw new S3Failure(400, 'InvalidRequest');
  const { body, md5 } = await receive(call, place);
  if (!place.bucket.uploads.has(upload.id)) {
    await body.remove();
    throw noSuchUpload();
  }
  await upload.parts.get(number)?.body.remove();
  const etag = `"${md5}"`;
  upload.parts.set(number, { etag, md5, checksumSha256, body });
  return {
    status: 200,
    headers: { etag, ...(checksumSha256 ? { 'x-amz-checksum-sha256': checksumSha256 } : {}) },
  };
}

export async function completeMultipartUpload(call: S3Call, place: S3Place): Promise<S3Answer> {
  const body = await text(call.request);
  assertPayload(call, createHash('sha256').update(body).digest('hex'));
  const upload = uploadOf(call, place);
  const parts = partsOf(body, upload);
  assertAbsent(call, place);
  const { bucket } = place;
  const md5 = createHash('md5').update(Buffer.from(parts.map((part) => part.md5).join(''), 'hex'));
  const etag = `"${md5.digest('hex')}-${parts.length}"`;
  const former = bucket.objects.get(upload.key);
  const joined = joinedBody(parts.map((part) => part.body));
  const checksumSha256 = upload.hasChecksums ? compositeOf(parts) : undefined;
  bucket.objects.set(upload.key, {
    ...upload.headers,
    key: upload.key,
    size: joined.size,
    etag,
    modifiedAtMs: Date.now(),
    checksumSha256,
    parts: parts.length,
    body: joined,
  });
  bucket.uploads.delete(upload.id);
  await former?.body.remove();
  const content = { Bucket: call.bucket, Key: upload.key, ETag: etag, ChecksumSHA256: checksumSha256 };
  return { status: 200, body: xml('CompleteMultipartUploadResult', content) };
}

export async function abortMultipartUpload(call: S3Call, place: S3Place): Promise<S3Answer> {
  await place.bucket.abort(uploadOf(call, place).id);
  return { status: 204 };
}

function uploadOf(call: S3Call, { bucket }: S3Place): S3Upload {
  const upload = bucket.uploads.get(call.query.get('uploadId') ?? '');
  if (upload?.key !== call.key) throw noSuchUpload();
  return upload;
}

/** The parts that the body of a completion names, in its order, each held against what was uploaded. */
function partsOf(body: string, upload: S3Upload): S3Part[] {
  const listed = [...body.matchAll(/<Part>([\s\S]*?)<\/Part>/g)].map(([, part = '']) => ({
    number: Number(elementOf(part, 'PartNumber')),
    etag: elementOf(part, 'ETag')?.replaceAll('&quot;', '"'),
    checksum: elementOf(part, 'ChecksumSHA256'),
  }));
  if (listed.length === 0) throw new S3Failure(400, 'MalformedXML');
  if (listed.some(({ number }, at) => at > 0 && number <= listed[at - 1]!.number)) {
    throw new S3Failure(400, 'InvalidPartOrder');
  }
  return listed.map(({ number, etag, checksum }, at) => {
    const part = upload.parts.get(number);
    const isRight = part?.etag.replaceAll('"', '') === etag?.replaceAll('"', '');
    if (!part || !isRight) throw new S3Failure(400, 'InvalidPart');
    if (upload.hasChecksums && checksum !== part.checksumSha256) throw new S3Failure(400, 'InvalidPart');
    if (at < listed.length - 1 && part.body.size < MIN_PART_BYTES) throw new S3Failure(400, 'EntityTooSmall');
    return part;
  });
}

function elementOf(part: string, name: string): string | undefined {
  return new RegExp(`<${name}>([^<]*)</${name}>`).exec(part)?.[1];
}

/** The digest of the digests of the parts, and how many they are. */
function compositeOf(parts: readonly S3Part[]): string {
  const digests = parts.map(({ checksumSha256 = '' }) => Buffer.from(checksumSha256, 'base64'));
  const digest = createHash('sha256').update(Buffer.concat(digests)).digest('hex');
  return `${base64Of(digest)}-${parts.length}`;
}
