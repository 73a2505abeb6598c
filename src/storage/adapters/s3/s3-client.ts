import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import type { S3Settings } from '../../domain/backend-settings.js';
import type { ObjectStoreConnections } from '../../object-store-connections.js';

/** How long S3 may keep silent, in milliseconds. */
export interface S3Timeouts {
  /** Until a connection stands. */
  readonly connectMs: number;
  /** On a connection on which something is to move. */
  readonly idleMs: number;
}

export const DEFAULT_TIMEOUTS: S3Timeouts = { connectMs: 5_000, idleMs: 30_000 };

/** A bucket and the client that asks for it. */
export interface S3Access {
  readonly client: S3Client;
  readonly bucket: string;
}

/** Credentials, or what gives them when they are needed. */
export type S3ClientCredentials = NonNullable<S3ClientConfig['credentials']>;
export type S3Transport = ReturnType<typeof transportOf>;

/** How requests travel: over the given connections, and not forever. */
export function transportOf(connections: ObjectStoreConnections, { connectMs, idleMs }: S3Timeouts) {
  return {
    httpAgent: connections.http,
    httpsAgent: connections.https,
    connectionTimeout: connectMs,
    socketTimeout: idleMs,
    // The SDK would write to the console otherwise.
    logger: { debug: ignore, info: ignore, warn: ignore, error: ignore },
  };
}

/** A client that asks once and sends only the checksums that it is given; attempts are repeated above the store. */
export function newS3Client(
  settings: S3Settings,
  endpoint: string | undefined,
  credentials: S3ClientCredentials,
  transport: S3Transport,
): S3Client {
  return new S3Client({
    region: settings.region,
    credentials,
    forcePathStyle: settings.forcePathStyle ?? settings.endpoint !== undefined,
    ...(endpoint === undefined ? {} : { endpoint }),
    requestHandler: transport,
    maxAttempts: 1,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    expectContinueHeader: false,
  });
}

function ignore(): void {}
