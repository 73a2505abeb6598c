import type { HeldDocument } from './held-document.js';
import type { SubjectGeneration } from './stored-document.js';

/** How much a cache may hold. */
export interface DocumentCacheLimits {
  readonly maxBytes: number;
  readonly maxEntries: number;
  readonly maxAbsent: number;
  /** How long a path without document is remembered, in milliseconds. */
  readonly absentForMs: number;
}

const DEFAULT_LIMITS: DocumentCacheLimits = {
  maxBytes: 64 * 1024 * 1024,
  maxEntries: 100_000,
  maxAbsent: 10_000,
  absentForMs: 5_000,
};

const MAX_NEWS = 10_000;

/** What was known when a load began. */
export interface LoadTicket {
  readonly newsCount: number;
}

/** What a process knows of the change that it has just committed. */
export interface KnownChange {
  /** The documents that are new or different. */
  readonly changed: readonly HeldDocument[];
  /** The paths that have no document any more. */
  readonly removed: readonly string[];
  /** Whether new documents are left to whoever asks for them first: there are many, and perhaps nobody does. */
  readonly isBulk?: boolean;
}

interface HeldSubject {
  generation: number;
  readonly paths: Set<string>;
}

/**
 * The documents that this process holds, by path, bounded by bytes and entries; what was not used since the
 * last look goes first. It knows which paths have no document (for a short time), and hears of new
 * generations: all held documents of a subject are of one generation, the newest one known, and a document
 * that is older is never kept, however slowly it was loaded.
 */
export class DocumentCache {
  private readonly held = new Map<string, HeldDocument>();
  private readonly subjects = new Map<string, HeldSubject>();
  private readonly absent = new Map<string, number>();
  private readonly loads = new Set<LoadTicket>();
  /** Newest generations heard of while something is being loaded. */
  private readonly news = new Map<string, number>();
  private newsCount = 0;
  private bytes = 0;

  constructor(private readonly limits: DocumentCacheLimits = DEFAULT_LIMITS) {}

  /** The document, when it is held. */
  find(path: string): HeldDocument | undefined {
    const document = this.held.get(path);
    if (document) document.wasUsed = true;
    return document;
  }

  /** Whether this path had no document a moment ago. */
  isAbsent(path: string): boolean {
    const untilMs = this.absent.get(path);
    return untilMs !== undefined && untilMs > performance.now();
  }

  /** How much is held now. */
  get size(): { documents: number; bytes: number; absent: number } {
    return { documents: this.held.size, bytes: this.bytes, absent: this.absent.size };
  }

  /** Before a document is read from the database. Every ticket goes back through {@link endLoad}. */
  beginLoad(): LoadTicket {
    const ticket = { newsCount: this.newsCount };
    this.loads.add(ticket);
    return ticket;
  }

  endLoad(ticket: LoadTicket): void {
    this.loads.delete(ticket);
    if (this.loads.size === 0) this.news.clear();
  }

  /** Keeps a loaded document; `false`: something newer is known, load it again. */
  keepLoaded(ticket: LoadTicket, document: HeldDocument): boolean {
    const { subject, generation } = document.document;
    if (this.newsCount - ticket.newsCount > MAX_NEWS) return false;
    if (generation < this.newestKnown(subject)) return false;
    const held = this.subjects.get(subject);
    if (held && held.generation < generation) this.learn({ subject, generation });
    this.keep(document);
    return true;
  }

  /** Remembers that nothing was found; `false`: something was published meanwhile, look again. */
  keepAbsent(ticket: LoadTicket, path: string): boolean {
    if (ticket.newsCount !== this.newsCount) return false;
    this.drop(path);
    this.absent.delete(path);
    if (this.absent.size >= this.limits.maxAbsent) this.dropOldestAbsent();
    this.absent.set(path, performance.now() + this.limits.absentForMs);
    return true;
  }

  /**
   * A subject has a new generation. Held documents of an older one are dropped; the process that made the
   * change passes it along, puts the new documents in place and keeps what is as it was one generation before.
   */
  learn({ subject, generation }: SubjectGeneration, change?: KnownChange): void {
    if (generation < this.newestKnown(subject)) return;
    this.remember(subject, generation);
    const held = this.subjects.get(subject);
    if (held && held.generation < generation) {
      if (change && held.generation === generation - 1) held.generation = generation;
      else for (const path of [...held.paths]) this.drop(path);
    }
    for (const path of change?.removed ?? []) this.drop(path);
    for (const document of change?.changed ?? []) {
      const { path } = document.document;
      if (change?.isBulk !== true || this.held.has(path)) this.keep(document);
      else this.absent.delete(path);
    }
  }

  /** Takes all documents of a subject away; they are loaded again when somebody asks. */
  dropSubject(subject: string): void {
    this.news.delete(subject);
    for (const path of [...(this.subjects.get(subject)?.paths ?? [])]) this.drop(path);
  }

  /** The subjects of which something is held, with the generation of their documents. */
  generations(): SubjectGeneration[] {
    return [...this.subjects].map(([subject, { generation }]) => ({ subject, generation }));
  }

  /** News may have been missed: what is being loaded is loaded again, absent paths are asked for again. */
  distrust(): void {
    this.newsCount += MAX_NEWS + 1;
    this.absent.clear();
  }

  private newestKnown(subject: string): number {
    return Math.max(this.news.get(subject) ?? 0, this.subjects.get(subject)?.generation ?? 0);
  }

  private remember(subject: string, generation: number): void {
    this.newsCount += 1;
    this.absent.clear();
    if (this.loads.size === 0) return;
    if (this.news.size >= MAX_NEWS) {
      this.news.clear();
      this.distrust();
    }
    this.news.set(subject, generation);
  }

  private keep(document: HeldDocument): void {
    const { path, subject, generation } = document.document;
    this.drop(path);
    this.absent.delete(path);
    if (document.weight > this.limits.maxBytes) return;
    this.held.set(path, document);
    this.bytes += document.weight;
    let known = this.subjects.get(subject);
    if (!known) this.subjects.set(subject, (known = { generation, paths: new Set() }));
    known.paths.add(path);
    this.makeRoom();
  }

  private drop(path: string): void {
    const document = this.held.get(path);
    if (!document) return;
    this.held.delete(path);
    this.bytes -= document.weight;
    const { subject } = document.document;
    const known = this.subjects.get(subject);
    known?.paths.delete(path);
    if (known?.paths.size === 0) this.subjects.delete(subject);
  }

  /** Second chance: what was used since the last look goes to the end of the line instead. */
  private makeRoom(): void {
    for (const [path, document] of this.held) {
      if (this.bytes <= this.limits.maxBytes && this.held.size <= this.limits.maxEntries) return;
      this.held.delete(path);
      this.held.set(path, document);
      if (document.wasUsed) document.wasUsed = false;
      else this.drop(path);
    }
  }

  private dropOldestAbsent(): void {
    const oldest = this.absent.keys().next();
    if (!oldest.done) this.absent.delete(oldest.value);
  }
}
