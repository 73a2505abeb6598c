import { Injectable } from '@nestjs/common';
import type { ModuleSource } from '../upstream/module-registry-client.js';

/** A module on disk, in the form in which modules are published here. */
export interface FetchedModule {
  /** A gzip-compressed tar, until `discard`. */
  readonly path: string;
  readonly sizeBytes: number;
  /** SHA-256 of the bytes, 64 lower-case hex digits. */
  readonly digest: string;
  /** Removes the file. The caller does so whatever becomes of the module; twice does no harm. */
  discard(): Promise<void>;
}

/** Fetches the archive of a module and packs the module of it anew, always into the same bytes. */
@Injectable()
export class ModuleFetcher {
  /** `what` names the module in failures: `namespace/name/system version`. Throws a `MirrorFailure`. */
  fetch(source: ModuleSource, what: string, signal?: AbortSignal): Promise<FetchedModule> {
    throw new Error(`not there yet: ${source.url.href} ${what} ${String(signal?.aborted)}`);
  }
}
