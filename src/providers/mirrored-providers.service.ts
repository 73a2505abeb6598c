import { Injectable } from '@nestjs/common';
import { Clock } from '../kernel/clock.js';
import { ProviderAddress } from '../kernel/terraform/provider-address.js';
import { MirroredChange } from './mirrored-change.service.js';
import { ProviderDocuments } from './provider-documents.js';
import { ProviderRecords } from './provider-records.js';
import type { HeldProviderPackage } from './domain/provider-version.js';
import { ProviderVersionsRepository } from './persistence/provider-versions.repository.js';
import { ProvidersRepository } from './persistence/providers.repository.js';

/** A package of a mirrored provider that is here; its version is the exact text of the upstream. */
export type HeldMirroredPackage = HeldProviderPackage;

/** Where a mirrored provider is from. */
export interface MirroredAddress {
  readonly host: string;
  readonly namespace: string;
  readonly type: string;
}

/** What mirrors ask about providers, and change of those that they brought. */
@Injectable()
export class MirroredProviders {
  constructor(
    private readonly providers: ProvidersRepository,
    private readonly versions: ProviderVersionsRepository,
    private readonly documents: ProviderDocuments,
    private readonly changes: MirroredChange,
    private readonly records: ProviderRecords,
    private readonly clock: Clock,
  ) {}

  /** Packages that are here and not deleted; empty for an unknown provider. */
  async held(address: MirroredAddress): Promise<HeldMirroredPackage[]> {
    const provider = await this.providers.findAny(read(address));
    if (provider === null || provider.deletedAt !== null) return [];
    return this.versions.heldPackages(provider.id);
  }

  /** Whether a provider of this name, deleted or not, was published here by hand. */
  async isPublishedHere(name: Pick<MirroredAddress, 'namespace' | 'type'>): Promise<boolean> {
    return (await this.providers.usesOf(ProviderAddress.parse(name))).isPublished;
  }

  /**
   * Takes a provider out of every index and document, and offers it again with `null`. What is here stays here. In a
   * transaction of its own or the caller's.
   */
  async holdBack(address: MirroredAddress, reason: string | null): Promise<void> {
    const at = read(address);
    await this.changes.run(at, async (grant, { id, heldBackReason }) => {
      if (heldBackReason === reason) return;
      await this.providers.update(id, { heldBackReason: reason });
      await this.documents.renew(id, at, grant);
      await this.records.heldBack(grant, at, id, [heldBackReason, reason]);
    });
  }

  /** Deletes versions to tombstones: the same bytes may come back, others not. The sweep removes the objects. */
  async deleteVersions(address: MirroredAddress, versions: readonly string[]): Promise<void> {
    const at = read(address);
    await this.changes.run(at, async (grant, { id }) => {
      const releases = await this.versions.list(id);
      const gone = releases.map(({ version }) => version).filter(({ version }) => versions.includes(version));
      if (gone.length === 0) return;
      await this.versions.bury(
        gone.map((version) => version.id),
        this.clock.now(),
        grant.actor.name,
      );
      const texts = gone.map(({ version }) => version);
      await this.documents.renew(id, at, grant, texts);
      for (const before of gone) {
        const after = (await this.versions.find(id, before.version))!.version;
        await this.records.versionChanged(grant, at, before, after);
      }
    });
  }

  /** Deletes a provider with all versions, and frees its address. */
  async purge(address: MirroredAddress): Promise<void> {
    const at = read(address);
    await this.changes.end(at, async (grant, { id }) => {
      const now = this.clock.now();
      const releases = await this.versions.list(id);
      await this.versions.bury(
        releases.map(({ version }) => version.id),
        now,
        grant.actor.name,
      );
      await this.providers.update(id, { deletedAt: now, heldBackReason: null });
      const deleted = releases.map(({ version }) => version.version);
      await this.documents.removeAll(at, deleted);
      await this.records.providerDeleted(grant, at, id, deleted);
    });
  }
}

function read(address: MirroredAddress): ProviderAddress {
  return ProviderAddress.parse(address).from(address.host);
}
