import type { BackendSettings } from '../../src/storage/domain/backend-settings.js';

/** A storage service on loopback with an empty bucket or container. */
export interface BackendServer {
  readonly settings: BackendSettings;
  stop(): Promise<void>;
}

/** The remote backends by name, each on a server that checks signatures. Loaded when used: they are large. */
export const REMOTE_BACKENDS: Readonly<Record<'s3' | 'azure' | 'gcs', () => Promise<BackendServer>>> = {
  s3: async () => (await import('./fakes/s3/fake-s3.js')).FakeS3.start(),
  azure: async () => (await import('./fakes/azurite.js')).Azurite.start(),
  gcs: async () => (await import('./fakes/gcs/fake-gcs.js')).FakeGcs.start(),
};
