import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { attachment } from '../../../platform/http/content-disposition.js';
import type { S3Settings } from '../../domain/backend-settings.js';
import type { SignedUrlOptions } from '../../object-store.js';
import { newS3Client, type S3Transport } from './s3-client.js';
import type { S3Credential, S3Credentials } from './s3-credentials.js';

/** Writes presigned URLs: GET of one key, with file name and content type pinned, until an exact second. */
export class S3UrlSigner {
  private client: S3Client | undefined;
  private signsWith: S3Credential | undefined;

  constructor(
    private readonly settings: S3Settings,
    private readonly credentials: S3Credentials,
    private readonly transport: S3Transport,
  ) {}

  /** Asks nobody, unless the credentials are those of a session that ends before the URL does. */
  async sign(path: string, { expiresAtMs, filename, contentType }: SignedUrlOptions): Promise<string> {
    const client = this.clientFor(await this.credentials.current(expiresAtMs));
    const command = new GetObjectCommand({
      Bucket: this.settings.bucket,
      Key: path,
      ResponseContentDisposition: attachment(filename),
      ResponseContentType: contentType,
    });
    const endsAt = Math.floor(expiresAtMs / 1000);
    // A URL that has ended is signed as of the second before its end: a life has to be a second at least.
    const signedAt = Math.min(Math.floor(Date.now() / 1000), endsAt - 1);
    return getSignedUrl(client, command, {
      expiresIn: endsAt - signedAt,
      signingDate: new Date(signedAt * 1000),
    });
  }

  /** A client holds its credentials on its own: other credentials, another client. */
  private clientFor(credential: S3Credential): S3Client {
    if (this.client && this.signsWith === credential) return this.client;
    const { publicEndpoint, endpoint } = this.settings;
    this.client = newS3Client(this.settings, publicEndpoint ?? endpoint, credential, this.transport);
    this.signsWith = credential;
    return this.client;
  }
}
