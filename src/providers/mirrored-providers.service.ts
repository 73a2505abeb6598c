import { Injectable } from '@nestjs/common';

/** A package of a mirrored provider that is here. */
export interface HeldMirroredPackage {
  /** The exact text of the upstream. */
  readonly version: string;
  /** `os_arch` */
  readonly platform: string;
  readonly filename: string;
  /** SHA-256, 64 lower-case hex digits. */
  readonly digest: string;
  readonly sizeBytes: number;
}

/** Where a mirrored provider is from. */
export interface MirroredAddress {
  readonly host: string;
  readonly namespace: string;
  readonly type: string;
}

/** What mirrors ask about providers, and change of those that they brought. */
@Injectable()
export class MirroredProviders {
  /** Packages that are here and not deleted; empty for an unknown provider. */
  held(_address: MirroredAddress): Promise<HeldMirroredPackage[]> {
    return Promise.reject(new Error('not built'));
  }

  /** Whether a provider of this name, deleted or not, was published here by hand. */
  isPublishedHere(_name: Pick<MirroredAddress, 'namespace' | 'type'>): Promise<boolean> {
    return Promise.reject(new Error('not built'));
  }

  /**
   * Takes a provider out of every index and document, and offers it again with `null`. What is here stays here. In a
   * transaction of its own or the caller's.
   */
  holdBack(_address: MirroredAddress, _reason: string | null): Promise<void> {
    return Promise.reject(new Error('not built'));
  }

  /** Deletes versions to tombstones: the same bytes may come back, others not. The sweep removes the objects. */
  deleteVersions(_address: MirroredAddress, _versions: readonly string[]): Promise<void> {
    return Promise.reject(new Error('not built'));
  }

  /** Deletes a provider with all versions, and frees its address. */
  purge(_address: MirroredAddress): Promise<void> {
    return Promise.reject(new Error('not built'));
  }
}
