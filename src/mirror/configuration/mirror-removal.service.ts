import { Injectable } from '@nestjs/common';
import { Transactions } from '../../platform/database/transactions.js';
import { JobQueue } from '../../platform/jobs/job-queue.js';
import { MirroredProviders, type MirroredAddress } from '../../providers/mirrored-providers.service.js';
import { MirrorNotFound, MirrorSyncing } from '../domain/mirror-configuration.errors.js';
import { PURGE_MIRRORED_PROVIDER } from '../domain/purge-mirrored-provider.js';
import { MirrorRecords } from './mirror-records.service.js';
import { MirroredCatalogRepository } from '../persistence/mirrored-catalog.repository.js';
import { MirrorsRepository } from '../persistence/mirrors.repository.js';

/** Deletes mirrors, and on demand what they brought (REST contract, section 20). */
@Injectable()
export class MirrorRemoval {
  constructor(
    private readonly mirrors: MirrorsRepository,
    private readonly catalog: MirroredCatalogRepository,
    private readonly providers: MirroredProviders,
    private readonly transactions: Transactions,
    private readonly queue: JobQueue,
    private readonly records: MirrorRecords,
  ) {}

  /**
   * Deletes a mirror. What it brought stays installable, or is deleted by jobs with `isPurge`. Answers how many
   * providers will be deleted. Throws {@link MirrorNotFound}, {@link MirrorSyncing}.
   */
  remove(id: string, { isPurge }: { readonly isPurge: boolean }): Promise<number> {
    return this.transactions.run(async () => {
      const mirror = await this.mirrors.lock(id);
      if (mirror === null) throw new MirrorNotFound();
      if (await this.mirrors.isSyncing(id)) throw new MirrorSyncing();
      const purged = isPurge ? await this.catalog.providers(id) : [];
      await this.mirrors.remove(id);
      for (const { upstreamHost: host, namespace, providerType: type } of purged) {
        const key = `${PURGE_MIRRORED_PROVIDER}:${host}/${namespace}/${type}`;
        await this.queue.enqueue(PURGE_MIRRORED_PROVIDER, { host, namespace, type }, { key });
      }
      const metadata = { purge: isPurge, providers: purged.length };
      await this.records.changed({ before: mirror, after: null, metadata });
      return purged.length;
    });
  }

  /** Deletes a provider that a deleted mirror brought, unless another mirror brings it too. */
  async purge(address: MirroredAddress): Promise<void> {
    if (await this.catalog.isBrought(address)) return;
    await this.providers.purge(address);
    await this.catalog.forget(address);
  }
}
