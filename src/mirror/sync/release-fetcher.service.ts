import { Injectable } from '@nestjs/common';
import type { Platform } from '../../kernel/terraform/platform.js';
import {
  MirrorFailure,
  PackageDigestMismatch,
  ReleaseChecksumsInvalid,
  ReleaseDigestsDisagree,
  ReleaseKeyNotTrusted,
  ReleaseKeyRevoked,
  ReleaseMutated,
  ReleaseSignatureInvalid,
  ReleaseUnsigned,
} from '../domain/mirror.errors.js';
import type { ProviderName } from '../domain/name-filter.js';
import { MirrorKeys } from '../keys/mirror-keys.service.js';
import {
  type FetchedPackage,
  PackageFetcher,
  type PackageRequest,
} from '../fetching/package-fetcher.service.js';
import type { ProviderService } from '../upstream/upstream-registry.js';
import { forEachAtMost } from './bounded-work.js';
import type { AdmittedRelease } from './planned-provider.js';
import type { SyncWork } from './sync-work.js';

/** The provider that a run goes through. */
export interface SyncTarget {
  readonly name: ProviderName;
  readonly service: ProviderService;
  /** The id of what the mirror knows of it. */
  readonly mirroredProviderId: string;
}

/** What became of the packages of a version. The caller discards those that were fetched. */
export interface FetchedRelease {
  readonly packages: FetchedPackage[];
  readonly failures: { readonly platform: Platform; readonly error: unknown }[];
  /** Why nothing of the version may be stored, whatever else was fetched. */
  refusal?: unknown;
}

/** Failures that say something about the whole version, or that somebody changed a package of it. */
const OF_THE_VERSION = [
  PackageDigestMismatch,
  ReleaseChecksumsInvalid,
  ReleaseDigestsDisagree,
  ReleaseKeyNotTrusted,
  ReleaseKeyRevoked,
  ReleaseMutated,
  ReleaseSignatureInvalid,
  ReleaseUnsigned,
];

/** Fetches the packages of a version that are missing; its checksums are verified once. */
@Injectable()
export class ReleaseFetcher {
  constructor(
    private readonly packages: PackageFetcher,
    private readonly keys: MirrorKeys,
  ) {}

  /** Throws what ends the run; everything else is told per platform. */
  async fetch(
    work: SyncWork,
    { name, service }: SyncTarget,
    { version, platforms, held, admission }: AdmittedRelease,
  ): Promise<FetchedRelease> {
    const { mirror, signal, concurrency } = work.facts;
    const trust = await this.keys.trustFor(mirror, name.namespace, admission.needsKnownKey);
    const request = { service, name, version: version.text, trust, held, signal };
    const fetched: FetchedRelease = { packages: [], failures: [] };
    try {
      const rest = [...platforms];
      // The first package that can be had proves the checksums; the others are compared with these.
      while (fetched.packages.length === 0 && fetched.refusal === undefined && rest.length > 0) {
        await this.fetchOne(work, fetched, { ...request, platform: rest.shift()! });
      }
      const release = fetched.packages[0]?.release;
      if (release === undefined || fetched.refusal !== undefined) return fetched;
      await forEachAtMost(concurrency, rest, async (platform) => {
        if (fetched.refusal !== undefined) return;
        await this.fetchOne(work, fetched, { ...request, platform, release });
      });
      return fetched;
    } catch (error) {
      await discardAll(fetched);
      throw error;
    }
  }

  private async fetchOne(work: SyncWork, fetched: FetchedRelease, request: PackageRequest): Promise<void> {
    const { lease } = work.facts;
    await lease.check();
    const free = await work.slots.take();
    try {
      fetched.packages.push(await this.packages.fetch(request));
    } catch (error) {
      if (work.isFatal(error)) throw error;
      if (OF_THE_VERSION.some((type) => error instanceof type)) fetched.refusal = error;
      fetched.failures.push({ platform: request.platform, error });
      work.noteOutcome(error instanceof MirrorFailure && error.isTransient);
    } finally {
      free();
    }
  }
}

/** Removes what was fetched from disk. */
export async function discardAll({ packages }: FetchedRelease): Promise<void> {
  await Promise.all(packages.map((one) => one.discard()));
}
