import { Injectable } from '@nestjs/common';
import { StorageConfig } from '../config/storage.config.js';
import { StorageResilienceConfig } from '../config/storage-resilience.config.js';
import { Metrics } from '../platform/metrics/metrics.js';
import { GuardedAgents } from '../platform/outbound-http/guarded-agents.js';
import { LocalObjectStore } from './adapters/local/local-object-store.js';
import type { BackendSettings } from './domain/backend-settings.js';
import type { KnownStorage } from './domain/known-storage.js';
import type { ObjectStore } from './object-store.js';
import { ResilientObjectStore } from './resilient-object-store.js';

/** Makes stores: the only list of backends. An SDK is loaded when it is first needed. */
@Injectable()
export class ObjectStoreFactory {
  constructor(
    private readonly agents: GuardedAgents,
    private readonly policy: StorageResilienceConfig,
    private readonly metrics: Metrics,
    private readonly config: StorageConfig,
  ) {}

  /**
   * The store of a known storage, with retries and a circuit breaker where it is reached over a network. Hosts that
   * file and environment name are trusted, those of stored configurations obey the egress guard. Throws
   * `ObjectStoreRejected` (`settings`) for what cannot work.
   */
  async createFor({ name, settings }: KnownStorage): Promise<ObjectStore> {
    const isOfFile = name === settings.type;
    const store = await this.create(settings, isOfFile ? hostsOf(settings) : []);
    return settings.type === 'local'
      ? store
      : new ResilientObjectStore(store, this.policy, this.metrics, name);
  }

  /** The store that the settings describe, without retries. `trustedHosts` may be reached although they are private. */
  async create(settings: BackendSettings, trustedHosts: readonly string[] = []): Promise<ObjectStore> {
    if (settings.type === 'local') return new LocalObjectStore(settings.basePath);
    const connections = this.agents.agents({ alsoAllow: [...trustedHosts, ...platformHostsOf(settings)] });
    const { timeoutMs, idleTimeoutMs } = this.policy;
    switch (settings.type) {
      case 's3': {
        const { S3ObjectStore } = await import('./adapters/s3/s3-object-store.js');
        return new S3ObjectStore(settings, connections, { connectMs: timeoutMs, idleMs: idleTimeoutMs });
      }
      case 'azure': {
        const { AzureBlobObjectStore } = await import('./adapters/azure-blob/azure-blob-object-store.js');
        const { azureClientId: clientId, azureFederatedTokenFile: federatedTokenFile } = this.config;
        const patience = { answerMs: idleTimeoutMs, pieceMs: idleTimeoutMs };
        const platformIdentity = { clientId, federatedTokenFile };
        return new AzureBlobObjectStore({ platformIdentity, ...settings }, connections, patience);
      }
      case 'gcs': {
        const { GcsObjectStore } = await import('./adapters/gcs/gcs-object-store.js');
        return new GcsObjectStore(settings, connections, idleTimeoutMs);
      }
    }
  }
}

/** The metadata service of Azure gives out the tokens of a managed identity; a blob endpoint is never there: it has https. */
function platformHostsOf(settings: BackendSettings): string[] {
  const asksPlatform = settings.type === 'azure' && settings.authMethod === 'managed_identity';
  return asksPlatform ? ['169.254.169.254'] : [];
}

/** The hosts that requests of the server go to, with and without the bucket in front. */
function hostsOf(settings: BackendSettings): string[] {
  const endpoint = settings.type === 'local' ? undefined : settings.endpoint;
  if (endpoint === undefined || !URL.canParse(endpoint)) return [];
  const host = new URL(endpoint).hostname.replace(/^\[|\]$/g, '');
  return [host, ...(settings.type === 's3' ? [`${settings.bucket}.${host}`] : [])];
}
