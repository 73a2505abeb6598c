import { Injectable } from '@nestjs/common';
import { OwnHostPaths } from '../../platform/documents/own-host-paths.js';
import { EgressGuard } from '../../platform/outbound-http/egress-guard.js';
import { EgressRefused } from '../../platform/outbound-http/outbound-http.errors.js';
import { InvalidUpstreamAddress } from '../domain/mirror-settings.errors.js';
import { mirrorSettings, type MirrorEntry, type MirrorSettings } from './mirror-settings.js';
import { upstreamRegistry } from '../upstream/upstream-registry.js';

/** Checks what operators enter for mirrors, also against what this server may reach (threat F7). */
@Injectable()
export class MirrorEntries {
  constructor(
    private readonly guard: EgressGuard,
    private readonly ownHost: OwnHostPaths,
  ) {}

  /**
   * The settings that `entry` makes of `before`, with an upstream that may be reached. Throws what
   * {@link mirrorSettings} throws. Asks for the addresses of the upstream, so it stays outside of transactions.
   */
  async check(entry: MirrorEntry, before?: MirrorSettings): Promise<MirrorSettings> {
    const settings = mirrorSettings(entry, before);
    if (entry.upstreamUrl !== undefined) await this.checkUpstream(settings.upstreamUrl);
    return settings;
  }

  private async checkUpstream(text: string): Promise<void> {
    const { url } = upstreamRegistry(text);
    if (this.ownHost.isOwn(url.host)) {
      throw new InvalidUpstreamAddress('this is the registry itself; what is published here needs no mirror');
    }
    try {
      this.guard.checkUrl(url);
      await this.guard.checkResolved(url.hostname);
    } catch (error) {
      if (!(error instanceof EgressRefused)) throw error;
      throw new InvalidUpstreamAddress(error.message);
    }
  }
}
