import { Injectable } from '@nestjs/common';
import { Clock } from '../../kernel/clock.js';
import { Transactions } from '../../platform/database/transactions.js';
import { ProviderPublishedHere } from '../../providers/domain/providers.errors.js';
import { MirroredProviders } from '../../providers/mirrored-providers.service.js';
import {
  BundleOfOtherHost,
  BundleReleaseCoolingDown,
  BundleReleaseDenied,
  BundleReleaseNeedsApproval,
} from '../domain/bundle.errors.js';
import { MirrorGate, type VersionAdmission } from '../domain/mirror-gate.js';
import type { HeldPackage } from '../domain/mirror-plan.js';
import type { Mirror } from '../domain/mirror.js';
import { BundleContentsRepository } from '../persistence/bundle-contents.repository.js';
import { MirroredListingsRepository } from '../persistence/mirrored-listings.repository.js';
import type { BundledPackage, BundledRelease } from './bundle-manifest.js';

/** A release that may come in. */
export interface AdmittedImport {
  readonly mirroredProviderId: string;
  readonly admission: Extract<VersionAdmission, { kind: 'admitted' }>;
  /** What is here of the version. */
  readonly held: readonly HeldPackage[];
  /** What is not here yet; empty: there is nothing to do. */
  readonly missing: readonly BundledPackage[];
}

/** Asks the gate of a mirror about what a bundle brings, as a run asks it about what an upstream lists. */
@Injectable()
export class BundleAdmission {
  constructor(
    private readonly gate: MirrorGate,
    private readonly providers: MirroredProviders,
    private readonly listings: MirroredListingsRepository,
    private readonly contents: BundleContentsRepository,
    private readonly transactions: Transactions,
    private readonly clock: Clock,
  ) {}

  /**
   * What is to be stored of a release. A request is made for what waits for an approval. Throws
   * `ProviderPublishedHere`, {@link BundleOfOtherHost}, {@link BundleReleaseDenied},
   * {@link BundleReleaseNeedsApproval}, {@link BundleReleaseCoolingDown}.
   */
  async admit(mirror: Mirror, release: BundledRelease): Promise<AdmittedImport> {
    const { host, namespace, type, version } = release;
    if (host !== mirror.upstreamHost) {
      throw new BundleOfOtherHost(mirror.upstreamHost);
    }
    const name = { namespace, type };
    if (await this.providers.isPublishedHere(name)) throw new ProviderPublishedHere(`${namespace}/${type}`);
    const gate = await this.gate.of(mirror, name);
    const { permission } = gate;
    if (permission.kind === 'denied') throw new BundleReleaseDenied(permission.reason);
    if (permission.kind === 'needs-approval' && !gate.mayAdmitVersions) {
      await this.gate.request(mirror, name);
      throw new BundleReleaseNeedsApproval(permission.reason);
    }
    const mirroredProviderId = await this.see(mirror, release);
    const here = await this.providers.held({ host, namespace, type });
    const seen = (await this.listings.seen(mirroredProviderId)).get(version.text);
    const admission = gate.admits({
      version: version.text,
      firstSeenAt: seen?.firstSeenAt ?? this.clock.now(),
      isReleased: seen?.isReleased ?? false,
      heldVersions: [...new Set(here.map((one) => one.version))],
    });
    if (admission.kind === 'needs-approval') {
      await this.gate.request(mirror, name, version.text);
      throw new BundleReleaseNeedsApproval(admission.reason);
    }
    if (admission.kind !== 'admitted') throw new BundleReleaseCoolingDown(admission.reason);
    const held = here.filter((one) => one.version === version.text);
    const missing = release.packages.filter(
      ({ platform }) => !held.some((one) => one.platform === platform.key),
    );
    return { mirroredProviderId, admission, held, missing };
  }

  private see(mirror: Mirror, { namespace, type, version, firstSeenAt }: BundledRelease): Promise<string> {
    return this.transactions.run(async () => {
      const id = await this.listings.ensure(mirror, { namespace, type });
      await this.contents.see(id, version.text, firstSeenAt);
      return id;
    });
  }
}
