import { Injectable } from '@nestjs/common';
import { Clock } from '../kernel/clock.js';
import { ProviderAddress } from '../kernel/terraform/provider-address.js';
import { quarantine, restore, type StandingVersion } from '../kernel/terraform/version-standing.js';
import type { VersionStanding } from '../kernel/terraform/version-life.js';
import type { ProviderVersion } from './domain/provider-version.js';
import { MirroredChange } from './mirrored-change.service.js';
import type { MirroredAddress } from './mirrored-providers.service.js';
import { ProviderDocuments } from './provider-documents.js';
import { ProviderRecords } from './provider-records.js';
import { ProviderVersionsRepository } from './persistence/provider-versions.repository.js';

/** How the reason begins for which a version is quarantined that mirrors may not offer. */
export const HELD_BACK = 'Held back by its mirror: ';

/** Quarantines and restores versions that mirrors brought, many of a provider at a time (REST contract 30.1). */
@Injectable()
export class MirroredStanding {
  constructor(
    private readonly changes: MirroredChange,
    private readonly versions: ProviderVersionsRepository,
    private readonly documents: ProviderDocuments,
    private readonly records: ProviderRecords,
    private readonly clock: Clock,
  ) {}

  /**
   * Stops every download of those of the versions that are not quarantined yet; gives how many these are. In a transaction
   * of its own or the caller's.
   */
  quarantine(address: MirroredAddress, versions: readonly string[], reason: string): Promise<number> {
    const at = this.clock.now();
    return this.change(
      address,
      ({ version, state }) => state !== 'quarantined' && versions.includes(version),
      (version) => quarantine(version, reason, at),
    );
  }

  /** Undoes what {@link quarantine} did with this reason, and nothing else; gives how many versions come back. */
  restore(address: MirroredAddress, versions: readonly string[], reason: string): Promise<number> {
    return this.change(
      address,
      (one) => one.state === 'quarantined' && one.stateReason === reason && versions.includes(one.version),
      (version) => restore(version),
    );
  }

  /**
   * Quarantines exactly these versions because mirrors may not offer them, each with its reason, and restores what was
   * quarantined so before. What somebody quarantined for another reason stays as it is.
   */
  holdBack(address: MirroredAddress, reasons: ReadonlyMap<string, string>): Promise<number> {
    const at = this.clock.now();
    const wantedFor = ({ version }: StandingVersion): string | undefined => {
      const reason = reasons.get(version);
      return reason === undefined ? undefined : HELD_BACK + reason;
    };
    return this.change(
      address,
      (one) => {
        const wanted = wantedFor(one);
        if (isHeldBack(one)) return one.stateReason !== wanted;
        return wanted !== undefined && one.state !== 'quarantined';
      },
      (one) => {
        const wanted = wantedFor(one);
        const before = isHeldBack(one) ? { ...one, ...restore(one) } : one;
        return wanted === undefined ? restore(one) : quarantine(before, wanted, at);
      },
    );
  }

  private async change(
    address: MirroredAddress,
    isMeant: (version: ProviderVersion) => boolean,
    standing: (version: StandingVersion) => VersionStanding,
  ): Promise<number> {
    const at = ProviderAddress.parse(address).from(address.host);
    let count = 0;
    await this.changes.run(at, async (grant, { id }) => {
      const releases = await this.versions.list(id);
      const changed = releases.map(({ version }) => version).filter(isMeant);
      count = changed.length;
      if (count === 0) return;
      for (const before of changed) {
        const after = standing(before);
        await this.versions.changeStanding(before.id, after);
        await this.records.versionChanged(grant, at, before, { ...before, ...after });
      }
      const texts = changed.map(({ version }) => version);
      await this.documents.renew(id, at, grant, texts);
    });
    return count;
  }
}

function isHeldBack({ state, stateReason }: VersionStanding): boolean {
  return state === 'quarantined' && stateReason !== null && stateReason.startsWith(HELD_BACK);
}
