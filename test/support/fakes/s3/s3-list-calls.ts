import { type S3Answer, S3Failure, xml } from './s3-answers.js';
import type { S3Call } from './s3-call.js';
import type { S3Place } from './s3-object-calls.js';

const MAX_KEYS = 1000;

export function listObjects(call: S3Call, { bucket }: S3Place): S3Answer {
  const maxKeys = pageSizeOf(call, 'max-keys');
  const token = call.query.get('continuation-token');
  const prefix = call.query.get('prefix') ?? '';
  const after = token === undefined ? call.query.get('start-after') : keyOfToken(token);
  const objects = bucket.sorted(prefix).filter(({ key }) => after === undefined || isBehind(key, after));
  const page = objects.slice(0, maxKeys);
  const isTruncated = page.length < objects.length;
  const text = encoderOf(call);
  return {
    status: 200,
    body: xml('ListBucketResult', {
      Name: call.bucket,
      Prefix: text(prefix),
      MaxKeys: maxKeys,
      KeyCount: page.length,
      IsTruncated: isTruncated,
      EncodingType: call.query.get('encoding-type'),
      NextContinuationToken: isTruncated && page.length > 0 ? tokenOf(page.at(-1)!.key) : undefined,
      Contents: page.map((object) => ({
        Key: text(object.key),
        LastModified: new Date(object.modifiedAtMs).toISOString(),
        ETag: object.etag,
        Size: object.size,
        StorageClass: object.storageClass,
      })),
    }),
  };
}

export function listMultipartUploads(call: S3Call, { bucket }: S3Place): S3Answer {
  const maxUploads = pageSizeOf(call, 'max-uploads');
  const keyMarker = call.query.get('key-marker');
  const idMarker = call.query.get('upload-id-marker');
  const uploads = bucket.sortedUploads().filter(({ key, id }) => {
    if (keyMarker === undefined) return true;
    return isBehind(key, keyMarker) || (key === keyMarker && idMarker !== undefined && id > idMarker);
  });
  const page = uploads.slice(0, maxUploads);
  const text = encoderOf(call);
  const last = page.at(-1);
  return {
    status: 200,
    body: xml('ListMultipartUploadsResult', {
      Bucket: call.bucket,
      MaxUploads: maxUploads,
      IsTruncated: page.length < uploads.length,
      EncodingType: call.query.get('encoding-type'),
      NextKeyMarker: last && text(last.key),
      NextUploadIdMarker: last?.id,
      Upload: page.map(({ key, id, initiatedAtMs }) => ({
        Key: text(key),
        UploadId: id,
        Initiated: new Date(initiatedAtMs).toISOString(),
      })),
    }),
  };
}

function pageSizeOf(call: S3Call, parameter: string): number {
  const wanted = Number(call.query.get(parameter) ?? MAX_KEYS);
  if (!Number.isInteger(wanted) || wanted < 0) throw new S3Failure(400, 'InvalidArgument');
  return Math.min(wanted, MAX_KEYS);
}

/** Keys as the answer spells them: as in a form, except that slashes stay, when the client asks for that. */
function encoderOf(call: S3Call): (text: string) => string {
  if (call.query.get('encoding-type') !== 'url') return (text) => text;
  return (text) => encodeURIComponent(text).replaceAll('%2F', '/').replaceAll('%20', '+');
}

/** Tokens mean nothing to clients. */
function tokenOf(key: string): string {
  return Buffer.from(key).toString('base64');
}

function keyOfToken(token: string): string {
  return Buffer.from(token, 'base64').toString();
}

function isBehind(key: string, other: string): boolean {
  return Buffer.compare(Buffer.from(key), Buffer.from(other)) > 0;
}
