import { gcpMetadata } from 'google-auth-library';
import type { GcsSettings } from '../../domain/backend-settings.js';
import type { ObjectStoreConnections } from '../../object-store-connections.js';
import { loginError } from './gcs.errors.js';
import { type GcsIdentity, openIdentity } from './gcs-identity.js';

/** Headers that prove to the store who asks. */
export type LoginHeaders = Readonly<Record<string, string>>;

/**
 * The credentials of one store. Tokens are kept until shortly before they expire; after a failure everything is read
 * again, so that a replaced file or a repaired account is noticed.
 */
export class GcsCredentials {
  private opened: Promise<GcsIdentity> | undefined;

  constructor(
    private readonly settings: GcsSettings,
    private readonly connections: ObjectStoreConnections,
  ) {}

  /** Throws `GcsLoginFailed`, or `ObjectStoreRejected` (`settings`) for credentials that cannot be used. */
  async identity(): Promise<GcsIdentity> {
    this.opened ??= openIdentity(this.settings, this.connections);
    return this.guarded(this.opened);
  }

  /** Headers for a request to `url`. Throws as `identity`. */
  async headers(url: string): Promise<LoginHeaders> {
    const { auth } = await this.identity();
    return Object.fromEntries(await this.guarded(auth.getRequestHeaders(url)));
  }

  /** The store did not accept `headers`: the next ones are new. */
  async renew(headers: LoginHeaders): Promise<void> {
    const client = await (await this.identity()).auth.getClient();
    const token = client.credentials.access_token;
    // Another request may have renewed it meanwhile.
    if (token && headers['authorization']?.endsWith(token)) {
      client.setCredentials({ ...client.credentials, expiry_date: 1 });
    }
  }

  /** Runs `work` of the authentication library. Throws as `identity`. */
  async guarded<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      this.opened = undefined;
      gcpMetadata.resetIsAvailableCache();
      throw loginError(error);
    }
  }
}
