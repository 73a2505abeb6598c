import { Injectable } from '@nestjs/common';
import { foldNamespace } from '../kernel/terraform/namespace-name.js';
import { Namespaces } from '../orgs/namespaces.service.js';
import { bodyWordsOf, haystackOf, wordsOf } from './domain/search-text.js';
import { SearchDocumentsRepository } from './persistence/search-documents.repository.js';
import { SearchWordsRepository } from './persistence/search-words.repository.js';
import type { SearchDocument } from './search-document.js';

/** Keeps the rows of searches. Everything here belongs into the transaction of the change that it tells about. */
@Injectable()
export class SearchIndex {
  constructor(
    private readonly documents: SearchDocumentsRepository,
    private readonly words: SearchWordsRepository,
    private readonly namespaces: Namespaces,
  ) {}

  /**
   * Writes the row of a module or provider, with the visibility that its namespace has until the transaction ends.
   * `earlierDownloads` is asked for a new row only: what was downloaded so far, as it is stored; `null` for what is
   * published for the first time.
   */
  async put(document: SearchDocument, earlierDownloads: (() => Promise<number>) | null): Promise<void> {
    const { texts, deprecated, verified, providerNames, ...facts } = document;
    const { namespace, name, system, description } = document;
    const readers = document.readers ?? null;
    const visibility = (await this.namespaces.holdReaders(readers ?? namespace)) ?? 'default';
    const address = system === null ? [namespace, name] : [namespace, name, system];
    const haystack = haystackOf(address, description);
    const head = wordsOf(haystack).sort();
    await this.words.add(head);
    const isNew = !(await this.documents.has(document.id));
    await this.documents.put({
      ...facts,
      readers,
      visibility,
      foldedNamespace: foldNamespace(namespace),
      foldedName: name.toLowerCase(),
      isDeprecated: deprecated,
      isVerified: verified,
      providerNames: [...new Set(providerNames.map((provider) => provider.toLowerCase()))].sort(),
      haystack,
      head,
      body: bodyWordsOf(texts.join('\n')),
    });
    if (isNew) await this.startDownloads(document.id, earlierDownloads);
  }

  /** Takes the row of a deleted module or provider away. */
  remove(id: string): Promise<void> {
    return this.documents.remove(id);
  }

  /** Adds downloads, by id of the module or provider. */
  async addDownloads(counts: ReadonlyMap<string, number>): Promise<void> {
    if (counts.size > 0) await this.documents.addDownloads(counts);
  }

  /** Downloads that are being added up while the row is made are in the sum or find the row, never neither. */
  private async startDownloads(id: string, earlier: (() => Promise<number>) | null): Promise<void> {
    if (earlier !== null) await this.documents.holdDownloads();
    await this.documents.startDownloads(id, earlier === null ? 0 : await earlier());
  }
}
