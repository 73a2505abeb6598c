import { Injectable } from '@nestjs/common';
import type { Platform } from '../../kernel/terraform/platform.js';
import { MirroredProviders } from '../../providers/mirrored-providers.service.js';
import { ReleaseKeyNotTrusted } from '../domain/mirror.errors.js';
import type { Mirror } from '../domain/mirror.js';
import type { ProviderName } from '../domain/name-filter.js';
import type { OfferedVersion } from '../domain/pulled-offer.js';
import { MirrorKeys } from '../keys/mirror-keys.service.js';
import { type FetchedPackage, PackageFetcher } from '../fetching/package-fetcher.service.js';
import type { DownloadObserver } from '../upstream/package-download.js';
import { PulledUpstreams } from './pulled-upstreams.service.js';

/** One package that somebody asks for. */
export interface WantedPackage {
  readonly mirror: Mirror;
  readonly name: ProviderName;
  /** The exact text of the upstream. */
  readonly version: string;
  readonly offered: OfferedVersion;
  readonly platform: Platform;
}

/** Fetches one package that somebody asks for, verified like those of a run. */
@Injectable()
export class PulledPackageFetcher {
  constructor(
    private readonly upstreams: PulledUpstreams,
    private readonly packages: PackageFetcher,
    private readonly keys: MirrorKeys,
    private readonly providers: MirroredProviders,
  ) {}

  /** Whether the package is here already. */
  async isHeld({ mirror, name, version, platform }: WantedPackage): Promise<boolean> {
    const held = await this.providers.held({ host: mirror.upstreamHost, ...name });
    return held.some((one) => one.version === version && one.platform === platform.key);
  }

  /** Throws a `MirrorFailure`; the caller discards what it gets. */
  async fetch(
    { mirror, name, version, offered, platform }: WantedPackage,
    observe: (path: string) => DownloadObserver,
    signal: AbortSignal,
  ): Promise<FetchedPackage> {
    const service = await this.upstreams.service(mirror);
    const trust = await this.keys.trustFor(mirror, name.namespace, offered.needsKnownKey);
    const all = await this.providers.held({ host: mirror.upstreamHost, ...name });
    const held = all.filter((one) => one.version === version);
    try {
      return await this.packages.fetch({ service, name, version, platform, trust, held, signal, observe });
    } catch (error) {
      if (error instanceof ReleaseKeyNotTrusted) await this.keys.noteStranger(mirror, name.namespace, error);
      throw error;
    }
  }
}
