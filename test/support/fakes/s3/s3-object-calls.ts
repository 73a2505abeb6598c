import { parseByteRange, resolveByteRange } from '../../../../src/platform/http/byte-range.js';
import { noSuchKey, notImplemented, preconditionFailed, type S3Answer, S3Failure } from './s3-answers.js';
import type { S3Bucket, S3Object, S3ObjectHeaders } from './s3-bucket.js';
import { headerOf, type S3Call } from './s3-call.js';
import { assertPayload } from './s3-signature.js';
import { type ReceivedBody, receiveBody } from './stored-body.js';

/** What a vendor does with `If-None-Match` of a write. */
export type ConditionalWrites = 'honoured' | 'refused' | 'ignored';

/** What calls work on. */
export interface S3Place {
  readonly bucket: S3Bucket;
  /** For bytes that are too many for memory. */
  readonly directory: string;
  readonly conditionalWrites: ConditionalWrites;
}

export async function putObject(call: S3Call, place: S3Place): Promise<S3Answer> {
  assertAbsent(call, place);
  const headers = objectHeadersOf(call);
  const { body, sha256, md5 } = await receive(call, place);
  try {
    assertAbsent(call, place);
  } catch (error) {
    await body.remove();
    throw error;
  }
  const former = place.bucket.objects.get(call.key);
  const object: S3Object = {
    ...headers,
    key: call.key,
    size: body.size,
    etag: `"${md5}"`,
    modifiedAtMs: Date.now(),
    checksumSha256: base64Of(sha256),
    parts: 1,
    body,
  };
  place.bucket.objects.set(call.key, object);
  await former?.body.remove();
  return { status: 200, headers: { etag: object.etag, 'x-amz-checksum-sha256': base64Of(sha256) } };
}

export async function getObject(call: S3Call, { bucket }: S3Place): Promise<S3Answer> {
  const object = bucket.objects.get(call.key);
  if (!object) throw noSuchKey();
  const range = parseByteRange(call.range);
  const part = resolveByteRange(range, object.size);
  if (!part) {
    throw new S3Failure(416, 'InvalidRange', {
      RangeRequested: call.range ?? '',
      ActualObjectSize: object.size,
    });
  }
  const { start, length } = part;
  const disposition = call.query.get('response-content-disposition');
  return {
    status: range ? 206 : 200,
    headers: {
      ...headersOf(object),
      'content-type': call.query.get('response-content-type') ?? object.contentType ?? 'binary/octet-stream',
      'content-length': length,
      ...(range ? { 'content-range': `bytes ${start}-${start + length - 1}/${object.size}` } : {}),
      ...(disposition === undefined ? {} : { 'content-disposition': disposition }),
    },
    body: object.body.read(start, length),
  };
}

export function headObject(call: S3Call, { bucket }: S3Place): S3Answer {
  const object = bucket.objects.get(call.key);
  if (!object) throw noSuchKey();
  const contentType = object.contentType ?? 'binary/octet-stream';
  return {
    status: 200,
    headers: { ...headersOf(object), 'content-type': contentType, 'content-length': object.size },
  };
}

export async function deleteObject(call: S3Call, { bucket }: S3Place): Promise<S3Answer> {
  await bucket.remove(call.key);
  return { status: 204 };
}

/** Throws when the request is to write a new object only, and there is one. */
export function assertAbsent(call: S3Call, { bucket, conditionalWrites }: S3Place): void {
  const condition = headerOf(call, 'if-none-match');
  if (condition === undefined || conditionalWrites === 'ignored') return;
  if (conditionalWrites === 'refused' || condition !== '*') throw notImplemented();
  if (bucket.objects.has(call.key)) throw preconditionFailed();
}

/** Takes the body of a request in, and holds it against everything that the request says about it. */
export async function receive(call: S3Call, { directory }: S3Place): Promise<ReceivedBody> {
  if (call.headers['content-length'] === undefined) throw new S3Failure(411, 'MissingContentLength');
  const received = await receiveBody(call.request, directory);
  try {
    assertPayload(call, received.sha256);
    const checksum = headerOf(call, 'x-amz-checksum-sha256');
    if (checksum !== undefined && checksum !== base64Of(received.sha256)) {
      throw new S3Failure(400, 'BadDigest');
    }
    return received;
  } catch (error) {
    await received.body.remove();
    throw error;
  }
}

export function objectHeadersOf(call: S3Call): S3ObjectHeaders {
  return {
    contentType: headerOf(call, 'content-type'),
    storageClass: headerOf(call, 'x-amz-storage-class') ?? 'STANDARD',
    encryption: headerOf(call, 'x-amz-server-side-encryption'),
    kmsKeyId: headerOf(call, 'x-amz-server-side-encryption-aws-kms-key-id'),
  };
}

/** Base64 of a digest in hex. */
export function base64Of(hex: string): string {
  return Buffer.from(hex, 'hex').toString('base64');
}

function headersOf(object: S3Object): Record<string, string> {
  return {
    etag: object.etag,
    'accept-ranges': 'bytes',
    'last-modified': new Date(object.modifiedAtMs).toUTCString(),
    ...(object.storageClass === 'STANDARD' ? {} : { 'x-amz-storage-class': object.storageClass }),
    ...(object.encryption === undefined ? {} : { 'x-amz-server-side-encryption': object.encryption }),
  };
}
