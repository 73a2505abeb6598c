import {
  fromNodeProviderChain,
  fromTemporaryCredentials,
  fromTokenFile,
} from '@aws-sdk/credential-providers';
import type { S3Settings } from '../../domain/backend-settings.js';
import { ObjectStoreRejected, ObjectStoreUnavailable } from '../../object-store.errors.js';
import type { S3Transport } from './s3-client.js';
import { sortedError } from './s3.errors.js';

const SESSION_SECONDS = 3600;
/** Credentials are replaced while they still work. */
const SPARE_MS = 5 * 60_000;
/** What was just asked for does not last longer when it is asked for again. */
const FRESH_MS = 60_000;

/** A key of AWS or of a vendor; of a session, with its token and its end. */
export interface S3Credential {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly expiration?: Date;
}

type Source = () => Promise<S3Credential>;

/**
 * The credentials of a store, asked for when they are needed and kept while they last. Sessions come from STS: that of
 * AWS, or that of the vendor's endpoint (MinIO and Ceph answer both there).
 */
export class S3Credentials {
  private held: S3Credential | undefined;
  private askedAtMs = 0;
  private pending: Promise<S3Credential> | undefined;
  private readonly source: Source;

  constructor(settings: S3Settings, transport: S3Transport) {
    this.source = sourceOf(settings, transport);
  }

  /**
   * Credentials that work now, and until `untilMs` where the source gives such. Those that are held are used on when
   * new ones cannot be had. Throws `ObjectStoreRejected` and `ObjectStoreUnavailable`.
   */
  async current(untilMs = 0): Promise<S3Credential> {
    const { held } = this;
    if (held && this.lasts(held, untilMs)) return held;
    try {
      this.pending ??= this.renew();
      return await this.pending;
    } catch (error) {
      if (held && endOf(held) > Date.now()) return held;
      // There were credentials before, so the settings are right.
      if (held) throw new ObjectStoreUnavailable('credentials', { cause: error });
      throw sortedError(error, 'credentials');
    }
  }

  private lasts(held: S3Credential, untilMs: number): boolean {
    const now = Date.now();
    if (endOf(held) < now + SPARE_MS) return endOf(held) > now && now - this.askedAtMs < FRESH_MS;
    return endOf(held) >= untilMs || now - this.askedAtMs < FRESH_MS;
  }

  private async renew(): Promise<S3Credential> {
    try {
      this.held = await this.source();
      this.askedAtMs = Date.now();
      return this.held;
    } finally {
      this.pending = undefined;
    }
  }
}

function endOf({ expiration }: S3Credential): number {
  return expiration?.getTime() ?? Infinity;
}

function sourceOf(settings: S3Settings, transport: S3Transport): Source {
  const { region, roleArn, roleSessionName, externalId, webIdentityTokenFile } = settings;
  const endpoint = stsEndpoint(settings.endpoint);
  const clientConfig = {
    region,
    requestHandler: transport,
    maxAttempts: 1,
    ...(endpoint === undefined ? {} : { endpoint }),
  };
  switch (settings.authMethod) {
    case 'oidc':
      return fromTokenFile({ webIdentityTokenFile, roleArn, roleSessionName, clientConfig });
    case 'assume_role': {
      const params = {
        RoleArn: roleArn,
        RoleSessionName: roleSessionName,
        ExternalId: externalId,
        DurationSeconds: SESSION_SECONDS,
      };
      const masterCredentials = ownSource(settings, transport);
      return fromTemporaryCredentials({ params, masterCredentials, clientConfig });
    }
    default:
      return ownSource(settings, transport);
  }
}

/** The key of the settings, or what AWS offers on this machine. */
function ownSource(
  { authMethod, accessKeyId, secretAccessKey, region }: S3Settings,
  transport: S3Transport,
): Source {
  if (authMethod !== 'default' && accessKeyId && secretAccessKey) {
    return async () => ({ accessKeyId, secretAccessKey });
  }
  if (authMethod === 'static') {
    const cause = new Error('The method static needs an access key and its secret');
    throw new ObjectStoreRejected('settings', undefined, { cause });
  }
  return fromNodeProviderChain({ clientConfig: { region, requestHandler: transport, maxAttempts: 1 } });
}

/** Where STS is asked when it is not that of AWS in the region. */
function stsEndpoint(endpoint: string | undefined): string | undefined {
  if (endpoint === undefined) return undefined;
  return /\.amazonaws\.com(\.cn)?$/.test(new URL(endpoint).hostname) ? undefined : endpoint;
}
