import type { BackendSettings } from './backend-settings.js';

/** One place where objects are, or may be. */
export interface KnownStorage {
  /**
   * What artifact rows call it: the UUID of a stored configuration, or the type of the backend (`local`, `s3`, …)
   * that file and environment describe.
   */
  readonly name: string;
  readonly settings: BackendSettings;
}

/** Every storage that this installation can reach, and the one that takes new objects. */
export interface KnownStorages {
  readonly active: KnownStorage;
  /** With the active one. */
  readonly all: readonly KnownStorage[];
}
