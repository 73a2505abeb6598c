import { Injectable } from '@nestjs/common';
import type { Scope } from '../../access/scope.js';
import { sha256Hex } from '../../kernel/sha256.js';
import { Transactions } from '../database/transactions.js';
import { DocumentCache } from './document-cache.js';
import { DocumentVisibility } from './document-visibility.js';
import { GenerationListener } from './generation-listener.js';
import { HeldDocument } from './held-document.js';
import { LinkRenderer } from './link-renderer.js';
import { ProtocolDocumentsRepository } from './persistence/protocol-documents.repository.js';
import { type PreparedDocument, sealLinks, splitLinks } from './prepared-document.js';
import type { StoredDocument } from './stored-document.js';

/** The documents of a subject that a change adds or alters, and the paths it takes away. */
export interface DocumentChange {
  readonly put?: readonly PreparedDocument[];
  readonly remove?: readonly string[];
  /** Whether it is one of very many: then this process does not hold what is new before somebody asks for it. */
  readonly isBulk?: boolean;
}

const MAX_LOADS = 5;

/**
 * The lean protocol documents (REST contract 6): stored by the transaction that publishes something, held as
 * bytes in every process, and told apart by the generation of their subject. What this process commits it
 * serves before `afterCommit` is over, so before the publisher is answered; the other processes are told.
 */
@Injectable()
export class ProtocolDocuments {
  private readonly loading = new Map<string, Promise<HeldDocument | undefined>>();

  constructor(
    private readonly repository: ProtocolDocumentsRepository,
    private readonly transactions: Transactions,
    private readonly cache: DocumentCache,
    private readonly renderer: LinkRenderer,
    private readonly listener: GenerationListener,
    private readonly visibility: DocumentVisibility,
  ) {}

  /**
   * Gives a subject exactly these documents, inside the caller's transaction. A function is called when the
   * generation row is locked, so what it reads then includes every earlier change of the subject.
   *
   * @param subject what the documents are about, e.g. `module:acme/network/aws`, in lower case
   */
  async replace(
    subject: string,
    documents: readonly PreparedDocument[] | (() => Promise<readonly PreparedDocument[]>),
  ): Promise<void> {
    if (typeof documents !== 'function') documents = await this.visibility.renewed(documents);
    const generation = await this.raise(subject);
    const list =
      typeof documents === 'function' ? await this.visibility.renewed(await documents()) : documents;
    const stored = list.map((document) => toStored(subject, generation, document));
    const changed = new Set(await this.repository.store(stored));
    const removed = await this.repository.remove(subject, { except: list.map((document) => document.path) });
    this.publish(
      stored.filter((document) => changed.has(document.path)),
      removed,
      { subject, generation },
    );
  }

  /** Changes some documents of a subject and keeps the others, inside the caller's transaction. */
  async change(subject: string, { put = [], remove = [], isBulk = false }: DocumentChange): Promise<void> {
    // Asked before the generation is locked: a change of visibility locks in the same order.
    const current = await this.visibility.renewed(put);
    const generation = await this.raise(subject);
    const stored = current.map((document) => toStored(subject, generation, document));
    await this.repository.store(stored);
    const removed = remove.length > 0 ? await this.repository.remove(subject, { paths: [...remove] }) : [];
    this.publish(stored, removed, { subject, generation }, isBulk);
  }

  /**
   * Shows or hides every document that is read with `scope` in these namespaces, inside the caller's transaction;
   * other processes hear of it with the commit.
   *
   * @param namespaces in the spelling of their claims
   */
  async changeVisibility(
    namespaces: readonly string[],
    scope: Scope,
    visibility: PreparedDocument['visibility'],
  ): Promise<void> {
    if (!this.transactions.isActive) throw new Error('Protocol documents are changed inside a transaction');
    for (const news of await this.repository.changeVisibility(namespaces, scope, visibility)) {
      this.transactions.afterCommit(() => this.cache.learn(news));
    }
  }

  /** Takes all documents of a subject away, inside the caller's transaction. */
  removeSubject(subject: string): Promise<void> {
    return this.replace(subject, []);
  }

  /**
   * The document of an exact path, or `undefined`. Held ones cost no statement, others exactly one; callers
   * who ask for the same path at the same time share it.
   *
   * @throws DatabaseUnavailable
   */
  async answer(path: string): Promise<HeldDocument | undefined> {
    const held = this.cache.find(path);
    if (held) return held;
    if (this.cache.isAbsent(path)) return undefined;
    let load = this.loading.get(path);
    if (!load) {
      load = this.load(path).finally(() => this.loading.delete(path));
      this.loading.set(path, load);
    }
    return load;
  }

  /** Those of the paths that have no document. */
  async missing(paths: readonly string[]): Promise<string[]> {
    const stored = await this.repository.existing(paths);
    return paths.filter((path) => !stored.has(path));
  }

  private async load(path: string): Promise<HeldDocument | undefined> {
    for (let attempt = 1; ; attempt += 1) {
      const ticket = this.cache.beginLoad();
      try {
        const row = await this.repository.find(path);
        const held = row && new HeldDocument(row, this.renderer);
        const isCurrent = held ? this.cache.keepLoaded(ticket, held) : this.cache.keepAbsent(ticket, path);
        if (isCurrent || attempt === MAX_LOADS) return held;
      } finally {
        this.cache.endLoad(ticket);
      }
    }
  }

  private raise(subject: string): Promise<number> {
    if (!this.transactions.isActive) throw new Error('Protocol documents are changed inside a transaction');
    return this.repository.raiseGeneration(subject);
  }

  private publish(
    stored: readonly StoredDocument[],
    removed: readonly string[],
    news: { subject: string; generation: number },
    isBulk = false,
  ): void {
    this.transactions.afterCommit(() => {
      const changed = stored.map((document) => new HeldDocument(document, this.renderer));
      this.cache.learn(news, { changed, removed, isBulk });
      this.listener.announce(news);
    });
  }
}

function toStored(subject: string, generation: number, document: PreparedDocument): StoredDocument {
  const body = sealLinks(document.body);
  return {
    path: document.path,
    subject,
    generation,
    namespace: document.namespace,
    scope: document.scope,
    visibility: document.visibility,
    status: document.status,
    etag: sha256Hex(`${document.status} ${body}`).slice(0, 32),
    body,
    download: document.download ?? null,
    artifactKeys: splitLinks(body).links.map(({ key }) => key),
  };
}
