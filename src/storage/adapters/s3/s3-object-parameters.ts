import type { PutObjectCommandInput } from '@aws-sdk/client-s3';
import type { S3Settings } from '../../domain/backend-settings.js';
import { ObjectStoreRejected } from '../../object-store.errors.js';

/** Objects of these classes can be read only after they were restored. */
const NEED_A_RESTORE = new Set(['GLACIER', 'DEEP_ARCHIVE']);

/** What every new object gets: its class and its encryption. */
export type ObjectParameters = Pick<
  PutObjectCommandInput,
  'StorageClass' | 'ServerSideEncryption' | 'SSEKMSKeyId'
>;

/** `If-None-Match: *` makes a write fail when there is an object. */
export type WriteCondition = Pick<PutObjectCommandInput, 'IfNoneMatch'>;

/** Throws `ObjectStoreRejected` (`settings`) for a storage class that needs a restore before reading. */
export function objectParametersOf({ storageClass, sse, sseKmsKeyId }: S3Settings): ObjectParameters {
  if (storageClass !== undefined && NEED_A_RESTORE.has(storageClass.toUpperCase())) {
    const cause = new Error(
      `Objects of the storage class ${storageClass} must be restored before they can be read: choose another class`,
    );
    throw new ObjectStoreRejected('settings', undefined, { cause });
  }
  return {
    ...(storageClass === undefined
      ? {}
      : { StorageClass: storageClass.toUpperCase() as ObjectParameters['StorageClass'] }),
    ...(sse === undefined || sse === 'none' ? {} : { ServerSideEncryption: sse }),
    ...(sse === 'aws:kms' && sseKmsKeyId !== undefined ? { SSEKMSKeyId: sseKmsKeyId } : {}),
  };
}
