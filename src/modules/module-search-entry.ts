import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { ModuleAddress } from '../kernel/terraform/module-address.js';
import type { SearchDocument } from '../search/search-document.js';
import { SearchIndex } from '../search/search-index.service.js';
import { SearchRefill } from '../search/search-refill.service.js';
import { FoldedDownloads } from '../usage/folded-downloads.js';
import type { ModulePart } from './domain/module-analysis.js';
import { ModuleDocumentation } from './module-documentation.service.js';
import { ModuleSearchRepository } from './persistence/module-search.repository.js';

/** Keeps the search row of a module true, and its downloads. */
@Injectable()
export class ModuleSearchEntry implements OnModuleInit {
  constructor(
    private readonly modules: ModuleSearchRepository,
    private readonly documentation: ModuleDocumentation,
    private readonly index: SearchIndex,
    private readonly downloads: FoldedDownloads,
    private readonly refill: SearchRefill,
  ) {}

  onModuleInit(): void {
    this.downloads.onFolded((counts) => this.addDownloads(counts));
    this.refill.register({
      missing: (limit) => this.modules.missing(limit),
      fill: async (moduleId) => {
        await this.modules.lock(moduleId);
        await this.refresh(moduleId, { isOld: true });
      },
    });
  }

  /**
   * Writes the row of a module anew, or removes it with the module; inside the caller's transaction, which has the
   * module locked. Reads the texts of the latest version only. `isOld`: it may have been downloaded before it has a row.
   */
  async refresh(moduleId: string, { isOld = false } = {}): Promise<void> {
    const facts = await this.modules.facts(moduleId);
    if (facts === undefined) return this.index.remove(moduleId);
    const { latestVersionId, numbers, ...known } = facts;
    const texts = latestVersionId === null ? NO_TEXTS : await this.textsOf(latestVersionId);
    const earlier = isOld || numbers > 1 ? () => this.modules.storedDownloads(moduleId) : null;
    await this.index.put({ kind: 'module', ...known, ...texts }, earlier);
  }

  /** The same for the module of an address, deleted or not. */
  async refreshAt(address: ModuleAddress): Promise<void> {
    const moduleId = await this.modules.idOf(address);
    if (moduleId !== undefined) await this.refresh(moduleId);
  }

  /** A version that is not analyzed yet has its README only. */
  private async textsOf(versionId: string): Promise<Texts> {
    const parts = (await this.documentation.parts(versionId)).map(({ part }) => part);
    if (parts.length === 0) return { texts: [await this.modules.readmeOf(versionId)], providerNames: [] };
    const [root] = parts;
    return {
      texts: parts.flatMap(declarationsOf).concat(parts.map(({ readme }) => readme)),
      providerNames: (root?.providers ?? []).flatMap(({ name, source }) => [name, source]),
    };
  }

  private async addDownloads(counts: ReadonlyMap<string, number>): Promise<void> {
    const owners = await this.modules.ownersOf([...counts.keys()]);
    const downloads = new Map<string, number>();
    for (const [versionId, moduleId] of owners)
      downloads.set(moduleId, (downloads.get(moduleId) ?? 0) + counts.get(versionId)!);
    await this.index.addDownloads(downloads);
  }
}

type Texts = Pick<SearchDocument, 'texts' | 'providerNames'>;

const NO_TEXTS: Texts = { texts: [], providerNames: [] };

function declarationsOf({ inputs, outputs, resources, providers }: ModulePart): string[] {
  return [
    ...inputs.flatMap(({ name, description }) => [name, description]),
    ...resources.flatMap(({ type, name }) => [type, name]),
    ...providers.map(({ source }) => source),
    ...outputs.flatMap(({ name, description }) => [name, description]),
  ];
}
