import {
  AbortMultipartUploadCommand,
  ListMultipartUploadsCommand,
  type ListMultipartUploadsCommandOutput,
  ListObjectsV2Command,
} from '@aws-sdk/client-s3';
import { isObjectPath } from '../../object-path.js';
import type { StoredObject } from '../../object-store.js';
import { ObjectStoreUnavailable } from '../../object-store.errors.js';
import type { S3Access } from './s3-client.js';
import { s3ErrorCode } from './s3.errors.js';

interface UploadMarker {
  readonly KeyMarker?: string;
  readonly UploadIdMarker?: string;
}

/** All objects whose key begins with `prefix`, page by page, in the order of S3: by the bytes of the keys. */
export async function* listObjects(
  { client, bucket }: S3Access,
  prefix: string,
): AsyncIterable<StoredObject> {
  let token: string | undefined;
  do {
    const page = await client.send(
      new ListObjectsV2Command({
        Bucket: bucket,
        Prefix: prefix,
        EncodingType: 'url',
        ContinuationToken: token,
      }),
    );
    for (const { Key, Size, LastModified } of page.Contents ?? []) {
      if (Key === undefined || Size === undefined || LastModified === undefined) throw brokenList();
      const path = decoded(Key, page.EncodingType);
      // Others may have put things into the bucket that are no objects of ours.
      if (isObjectPath(path)) yield { path, size: Size, modifiedAtMs: LastModified.getTime() };
    }
    const next = page.IsTruncated ? page.NextContinuationToken : undefined;
    if (page.IsTruncated && (next === undefined || next === token)) throw brokenList();
    token = next;
  } while (token !== undefined);
}

/** Aborts the multipart uploads that were begun before `beforeMs`; returns how many. */
export async function abortUploadsBegunBefore(access: S3Access, beforeMs: number): Promise<number> {
  let aborted = 0;
  // The list changes while uploads disappear from it: each page is read before its uploads are aborted.
  for await (const page of uploadPages(access)) {
    for (const { Key, UploadId, Initiated } of page.Uploads ?? []) {
      if (Key === undefined || UploadId === undefined || Initiated === undefined) continue;
      const path = decoded(Key, page.EncodingType);
      if (!isObjectPath(path) || Initiated.getTime() >= beforeMs) continue;
      aborted += await abortUpload(access, path, UploadId);
    }
  }
  return aborted;
}

async function* uploadPages({ client, bucket }: S3Access): AsyncIterable<ListMultipartUploadsCommandOutput> {
  let at: UploadMarker | undefined = {};
  while (at) {
    const command: ListMultipartUploadsCommand = new ListMultipartUploadsCommand({
      Bucket: bucket,
      EncodingType: 'url',
      ...at,
    });
    const page = await client.send(command);
    yield page;
    at = markerBehind(page);
  }
}

/** Where the next page begins; undefined after the last one. */
function markerBehind(page: ListMultipartUploadsCommandOutput): UploadMarker | undefined {
  if (!page.IsTruncated) return undefined;
  if (page.NextKeyMarker === undefined) throw brokenList();
  return {
    KeyMarker: decoded(page.NextKeyMarker, page.EncodingType),
    UploadIdMarker: page.NextUploadIdMarker,
  };
}

/** 1, or 0 for an upload that ended meanwhile. */
async function abortUpload({ client, bucket }: S3Access, path: string, id: string): Promise<number> {
  try {
    await client.send(new AbortMultipartUploadCommand({ Bucket: bucket, Key: path, UploadId: id }));
    return 1;
  } catch (error) {
    if (s3ErrorCode(error) === 'NoSuchUpload') return 0;
    throw error;
  }
}

/** Keys in lists are encoded as in forms, where the vendor knows that: XML cannot hold every character. */
function decoded(key: string, encoding: string | undefined): string {
  return encoding === 'url' ? decodeURIComponent(key.replaceAll('+', ' ')) : key;
}

function brokenList(): Error {
  return new ObjectStoreUnavailable('list', { cause: new Error('S3 sent a list that does not go on') });
}
