import type { AccessToken, GetTokenOptions, TokenCredential } from '@azure/identity';
import type { AzureSettings } from '../../domain/backend-settings.js';
import type { ObjectStoreConnections } from '../../object-store-connections.js';
import { ObjectStoreRejected, ObjectStoreUnavailable } from '../../object-store.errors.js';

/** What the token service answers when it knows the caller and refuses for good (RFC 6749, 5.2). */
const REFUSALS = new Set([
  'access_denied',
  'invalid_client',
  'invalid_grant',
  'invalid_request',
  'invalid_resource',
  'unauthorized_client',
]);

/**
 * Tokens of the identity that the platform gives this process: a managed identity, or a workload identity whose
 * token is exchanged at Entra ID. The variables of the platform say which (`AZURE_CLIENT_ID`, `AZURE_TENANT_ID`,
 * `AZURE_FEDERATED_TOKEN_FILE`, `AZURE_AUTHORITY_HOST`, `IDENTITY_ENDPOINT`). The library is loaded at the first use.
 */
export class AzureIdentity implements TokenCredential {
  private opened: Promise<TokenCredential> | undefined;

  constructor(
    private readonly settings: Pick<AzureSettings, 'authMethod' | 'platformIdentity'>,
    private readonly connections: ObjectStoreConnections,
    private readonly answerMs: number,
  ) {}

  /** A token for `scopes`; `ObjectStoreRejected` (`denied`, `settings`) or `ObjectStoreUnavailable`. */
  async getToken(scopes: string | string[], options?: GetTokenOptions): Promise<AccessToken> {
    const credential = await this.credential();
    const ended = new AbortController();
    try {
      const token = await Promise.race([
        credential.getToken(scopes, options),
        silence(this.answerMs, ended.signal),
      ]);
      if (!token) throw new Error('The identity has no token');
      return token;
    } catch (error) {
      throw sortedIdentityError(error);
    } finally {
      ended.abort();
    }
  }

  private async credential(): Promise<TokenCredential> {
    this.opened ??= this.open();
    try {
      return await this.opened;
    } catch (error) {
      this.opened = undefined;
      // The library makes no call here: what it misses are variables of the environment.
      throw new ObjectStoreRejected('settings', undefined, { cause: error });
    }
  }

  private async open(): Promise<TokenCredential> {
    const { ManagedIdentityCredential, WorkloadIdentityCredential } = await import('@azure/identity');
    const { authMethod, platformIdentity: { clientId, federatedTokenFile } = {} } = this.settings;
    const retryOptions = { maxRetries: 0 };
    if (authMethod === 'workload_identity' || federatedTokenFile) {
      return new WorkloadIdentityCredential({
        agent: this.connections.https,
        disableInstanceDiscovery: true,
        retryOptions,
      });
    }
    const options = { agent: this.connections.http, retryOptions };
    return clientId
      ? new ManagedIdentityCredential({ ...options, clientId })
      : new ManagedIdentityCredential(options);
  }
}

/** Rejects after `ms`, unless `ended` comes first. */
function silence(ms: number, ended: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`The identity did not answer within ${ms} ms`)), ms);
    ended.addEventListener('abort', () => clearTimeout(timer));
  });
}

function sortedIdentityError(error: unknown): Error {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const { errorCode, errorResponse } = cause as Error & {
      errorCode?: string;
      errorResponse?: { error?: string };
    };
    if (REFUSALS.has(errorCode ?? errorResponse?.error ?? '')) {
      return new ObjectStoreRejected('denied', undefined, { cause: error });
    }
  }
  return new ObjectStoreUnavailable('identity', { cause: error });
}
