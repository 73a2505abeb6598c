import type { UpstreamRegistry } from './upstream-registry.js';

/** The names of a module at its upstream; the same as here. */
export interface ModuleName {
  readonly namespace: string;
  readonly name: string;
  readonly system: string;
}

/** Where an upstream answers the module protocol. */
export interface ModuleService {
  readonly upstream: UpstreamRegistry;
  /** What addresses of the protocol are relative to. */
  readonly baseUrl: URL;
}

/** An archive that can be fetched over HTTP, and where the module is in it. */
export interface ModuleSource {
  readonly url: URL;
  readonly format: 'tar.gz' | 'zip';
  /**
   * Folder of the module in the archive without slashes at its ends; `''`: the root. A first part `*` stands for the only
   * folder at the root.
   */
  readonly folder: string;
  /** SHA-256 that the bytes must have, 64 lower-case hex digits, where the upstream says so. */
  readonly digest?: string;
  /** The git commit that the archive must be of, lower-case hex, where the upstream names one. */
  readonly commit?: string;
}

/**
 * What pull-through asks an upstream registry about modules (`modules.v1`). Every answer was checked for form; failures
 * are `MirrorFailure`s: transient ones may be tried again, `UpstreamNotFound` means that the upstream does not have it.
 */
export abstract class ModuleRegistryClient {
  /** Finds where the upstream answers the module protocol. */
  abstract discover(upstream: UpstreamRegistry, signal?: AbortSignal): Promise<ModuleService>;

  /** The versions of a module that this registry could hold: canonical, without build metadata, each once. */
  abstract versions(
    service: ModuleService,
    name: ModuleName,
    signal?: AbortSignal,
  ): Promise<readonly string[]>;

  /** Where a version is: what `X-Terraform-Get` says, as an archive that this server can fetch. */
  abstract source(
    service: ModuleService,
    wanted: ModuleName & { readonly version: string },
    signal?: AbortSignal,
  ): Promise<ModuleSource>;
}
