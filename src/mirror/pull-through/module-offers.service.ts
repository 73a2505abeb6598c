import { Injectable } from '@nestjs/common';
import { MirrorConfig } from '../../config/mirror.config.js';
import type { ModuleAddress } from '../../kernel/terraform/module-address.js';
import type { Version } from '../../kernel/terraform/version.js';
import { ModuleIngest } from '../../modules/module-ingest.service.js';
import { MemoryCache } from '../../platform/cache/memory-cache.js';
import { MirrorGate, type ProviderGate } from '../domain/mirror-gate.js';
import type { Mirror } from '../domain/mirror.js';
import type { ModuleOffer, ModuleVerdict, OfferedModuleVersion } from '../domain/pulled-module.js';
import { PulledModuleVersionsRepository } from '../persistence/pulled-module-versions.repository.js';
import { gatedName } from './gated-name.js';
import { inTime } from './in-time.js';
import { ModuleQuestions } from './module-questions.service.js';

/** What of a module may be fetched now: what the upstream lists, as far as policies, approvals and cool-down let it through. */
@Injectable()
export class ModuleOffers {
  /** By mirror and module: those who ask at the same time share what policies and upstream say. */
  private readonly offering = new MemoryCache<ModuleOffer>({ lifeMs: 1_000, maxEntries: 10_000 });

  constructor(
    private readonly questions: ModuleQuestions,
    private readonly gates: MirrorGate,
    private readonly seen: PulledModuleVersionsRepository,
    private readonly modules: ModuleIngest,
    private readonly config: MirrorConfig,
  ) {}

  /**
   * Throws `UpstreamQuestionPending` when it takes longer than clients wait. What waits for an approval is not offered,
   * and stands in the list of requests.
   */
  async of(mirror: Mirror, address: ModuleAddress): Promise<ModuleOffer> {
    const key = `${mirror.id} ${mirror.updatedAt.getTime()} ${address.toString()}`;
    const found = this.offering.get(key, () => this.find(mirror, address));
    return (await inTime(found, this.config.pullThroughWaitMs)).value;
  }

  /** Whether a version can be fetched from where the upstream says it is. Throws `UpstreamQuestionPending`. */
  fetchable(mirror: Mirror, address: ModuleAddress, version: Version): Promise<ModuleVerdict> {
    const answer = this.questions.fetchable(mirror, address, version.text);
    return inTime(answer, this.config.pullThroughWaitMs);
  }

  private async find(mirror: Mirror, address: ModuleAddress): Promise<ModuleOffer> {
    const name = gatedName(address);
    const { permission, mayAdmitVersions } = await this.gates.of(mirror, name);
    if (permission.kind !== 'allowed' && !mayAdmitVersions) {
      const isNews = permission.kind === 'needs-approval' && !permission.isRequested;
      // A request for what the upstream does not have would only be noise.
      if (isNews && (await this.questions.listing(mirror, address)).kind === 'listed') {
        await this.gates.request(mirror, name);
      }
      return { kind: 'absent' };
    }
    const listing = await this.questions.listing(mirror, address);
    if (listing.kind !== 'listed') return listing;
    // Asked again: the upstream may have taken a while, and what it lists is not older than the clock of the gate.
    return this.admitted(mirror, address, await this.gates.of(mirror, name), listing.versions);
  }

  /** Whether a version is here, or was: then it is never fetched again. */
  isKnown(address: ModuleAddress, version: Version): Promise<boolean> {
    return this.modules.isKnown(address, version);
  }

  private async admitted(
    mirror: Mirror,
    address: ModuleAddress,
    gate: ProviderGate,
    versions: readonly string[],
  ): Promise<ModuleOffer> {
    const firstSeen = await this.seen.firstSeen(mirror.id, address);
    const heldVersions = await this.modules.heldVersions(address);
    const offered = new Map<string, OfferedModuleVersion>();
    let isWaiting = false;
    for (const version of versions) {
      const firstSeenAt = firstSeen.get(version) ?? new Date();
      const admission = gate.admits({ version, firstSeenAt, isReleased: false, heldVersions });
      // Modules are not signed: nothing can vouch for them by a key.
      if (admission.kind === 'admitted' && !admission.needsKnownKey) {
        offered.set(version, { isAutoApproved: admission.isAutoApproved });
      } else if (admission.kind !== 'cooling-down') isWaiting = true;
    }
    if (isWaiting) await this.gates.request(mirror, gatedName(address));
    return { kind: 'offered', versions: offered };
  }
}
