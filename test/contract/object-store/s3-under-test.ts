import {
  CreateMultipartUploadCommand,
  ListMultipartUploadsCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import type { S3Settings } from '../../../src/storage/domain/backend-settings.js';

/** A client of the tests, beside the adapter. */
function testS3Client(settings: S3Settings): S3Client {
  const { accessKeyId = '', secretAccessKey = '', region, endpoint } = settings;
  return new S3Client({
    region,
    endpoint,
    forcePathStyle: true,
    credentials: { accessKeyId, secretAccessKey },
    requestChecksumCalculation: 'WHEN_REQUIRED',
  });
}

/** Begins a multipart upload with one part and leaves it. */
export async function abandonS3Upload(settings: S3Settings, path: string): Promise<void> {
  const client = testS3Client(settings);
  const target = { Bucket: settings.bucket, Key: path };
  const { UploadId } = await client.send(new CreateMultipartUploadCommand(target));
  await client.send(
    new UploadPartCommand({ ...target, UploadId, PartNumber: 1, Body: Buffer.from('never finished') }),
  );
  client.destroy();
}

/** The multipart uploads under way, as `unfinished upload of …`. */
export async function unfinishedS3Uploads(settings: S3Settings): Promise<string[]> {
  const client = testS3Client(settings);
  const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket: settings.bucket }));
  client.destroy();
  return Uploads.map(({ Key }) => `unfinished upload of ${Key}`);
}
