import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { ProviderAddress } from '../kernel/terraform/provider-address.js';
import { Transactions } from '../platform/database/transactions.js';
import { SearchIndex } from '../search/search-index.service.js';
import { SearchRefill } from '../search/search-refill.service.js';
import { FoldedDownloads } from '../usage/folded-downloads.js';
import { ProviderSearchRepository } from './persistence/provider-search.repository.js';

/** Keeps the search row of a provider true, and its downloads. */
@Injectable()
export class ProviderSearchEntry implements OnModuleInit {
  constructor(
    private readonly providers: ProviderSearchRepository,
    private readonly index: SearchIndex,
    private readonly downloads: FoldedDownloads,
    private readonly refill: SearchRefill,
    private readonly transactions: Transactions,
  ) {}

  onModuleInit(): void {
    this.downloads.onFolded((counts) => this.addDownloads(counts));
    this.refill.register({
      missing: (limit) => this.providers.missing(limit),
      fill: async (providerId) => {
        await this.providers.lock(providerId);
        await this.refresh(providerId, { isOld: true });
      },
    });
  }

  /**
   * Writes the row of a provider anew, or removes it with the provider; inside the caller's transaction, which has the
   * provider locked. `isOld`: it may have been downloaded before it has a row.
   */
  async refresh(providerId: string, { isOld = false } = {}): Promise<void> {
    const facts = await this.providers.facts(providerId);
    if (facts === undefined) return this.index.remove(providerId);
    const { latestVersionId, numbers, ...known } = facts;
    const texts = latestVersionId === null ? [] : await this.providers.pagesOf(latestVersionId);
    const earlier = isOld || numbers > 1 ? () => this.providers.storedDownloads(providerId) : null;
    await this.index.put({ kind: 'provider', ...known, texts, providerNames: [] }, earlier);
  }

  /** The same for the provider of a version whose documentation pages are made; in a transaction of its own. */
  async refreshPages(versionId: string): Promise<void> {
    const providerId = await this.providers.providerOf(versionId);
    if (providerId === undefined) return;
    await this.transactions.run(async () => {
      await this.providers.lock(providerId);
      await this.refresh(providerId);
    });
  }

  /** The same for the provider of an address, deleted or not. */
  async refreshAt(address: ProviderAddress): Promise<void> {
    const providerId = await this.providers.idOf(address);
    if (providerId !== undefined) await this.refresh(providerId);
  }

  private async addDownloads(counts: ReadonlyMap<string, number>): Promise<void> {
    const owners = await this.providers.ownersOf([...counts.keys()]);
    const downloads = new Map<string, number>();
    for (const [packageId, providerId] of owners)
      downloads.set(providerId, (downloads.get(providerId) ?? 0) + counts.get(packageId)!);
    await this.index.addDownloads(downloads);
  }
}
