import type { Bucket, GetFilesOptions } from '@google-cloud/storage';
import { isObjectPath } from '../../object-path.js';
import type { StoredObject } from '../../object-store.js';
import { ObjectStoreUnavailable } from '../../object-store.errors.js';
import type { GcsObject } from './gcs-api.js';

const PAGE_SIZE = 1_000;
const PAGE_FIELDS = 'kind,items(name,size,timeCreated),nextPageToken';

/** One page as the API answers. */
interface Page {
  readonly kind?: string;
  readonly items?: readonly GcsObject[];
  readonly nextPageToken?: string;
}

/**
 * The objects whose name begins with `prefix`, page by page; the service sorts by the bytes of UTF-8. Names that are
 * no object paths, such as those of folders made in the console, are left out.
 */
export async function* listObjects(bucket: Bucket, prefix: string): AsyncIterable<StoredObject> {
  let pageToken: string | undefined;
  do {
    const page = await pageOf(bucket, { prefix, maxResults: PAGE_SIZE, fields: PAGE_FIELDS, pageToken });
    for (const item of page.items ?? []) {
      if (isObjectPath(item.name ?? '')) yield storedObject(item);
    }
    if (page.nextPageToken !== undefined && page.nextPageToken === pageToken) {
      throw new ObjectStoreUnavailable('list: the same page again');
    }
    pageToken = page.nextPageToken;
  } while (pageToken !== undefined);
}

/** Rejects unless the bucket exists and may be read. */
export async function assertBucket(bucket: Bucket): Promise<void> {
  await pageOf(bucket, { maxResults: 1, fields: 'kind' });
}

/** What the service says about an object. Throws `ObjectStoreUnavailable` when that is no object. */
export function storedObject({ name, size, timeCreated }: GcsObject): StoredObject {
  const object = { path: name ?? '', size: Number(size), modifiedAtMs: Date.parse(timeCreated ?? '') };
  if (!Number.isSafeInteger(object.size) || Number.isNaN(object.modifiedAtMs)) {
    throw new ObjectStoreUnavailable('an answer without size or time');
  }
  return object;
}

async function pageOf(bucket: Bucket, query: GetFilesOptions): Promise<Page> {
  const [, , page] = (await bucket.getFiles({ ...query, autoPaginate: false })) as unknown as [
    unknown,
    unknown,
    Page | undefined,
  ];
  if (page?.kind !== 'storage#objects')
    throw new ObjectStoreUnavailable('list: not an answer of the service');
  return page;
}
