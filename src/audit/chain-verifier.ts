import { type ChainEnd, hashOfEntry, isIntact } from './audit-chain.js';
import type { AuditEntry } from './domain/audit-entry.js';
import type { ChainFault } from './domain/chain-fault.js';

/** Moved entries are told from changed ones among at most so many. */
const MAX_COMPARED = 200;

/** The fields in which retention says, inside the chain, up to where it removed entries. */
export interface RemovalNote {
  readonly removed_up_to?: unknown;
  readonly removed_digest?: unknown;
}

/**
 * Checks one chain, entry by entry in the order of their places. Each tampering is one fault, named by the entry
 * that was changed, moved or removed; what stands behind it is checked as if nothing had happened.
 */
export class ChainVerifier {
  readonly faults: ChainFault[] = [];
  private expected: number;
  /** The hashes that the next entry may name as the one before it; unknown behind a gap. */
  private links: readonly string[] | undefined;
  private previous: AuditEntry | undefined;
  private readonly doubtful: AuditEntry[] = [];
  private isCheckpointConfirmed: boolean;

  /** `erasedUsers`: the users who were erased on purpose; `start`: the last entry that retention removed. */
  constructor(
    private readonly start: ChainEnd,
    private readonly erasedUsers: ReadonlySet<string>,
  ) {
    this.expected = start.seq + 1;
    this.links = [start.hash];
    this.isCheckpointConfirmed = start.seq === 0;
  }

  /** The place up to which everything was seen. */
  get lastSeq(): number {
    return this.expected - 1;
  }

  add(entry: AuditEntry): void {
    if (entry.chainSeq > this.expected) this.missing(this.expected, entry.chainSeq - 1);
    if (!isIntact(entry) || !this.isErasedRightly(entry)) this.doubt(entry);
    else if (this.links !== undefined && !this.links.includes(entry.previousHash)) this.doubtPrevious();
    this.links = [entry.hash, hashOfEntry(entry)];
    this.previous = entry;
    this.expected = entry.chainSeq + 1;
    this.noteRemoval(entry.metadata as RemovalNote);
  }

  /** Compares the end; `head` is what the chain says about itself, read before its entries. */
  finish(head: ChainEnd | undefined): readonly ChainFault[] {
    if (head === undefined) this.faults.push({ kind: 'head', seq: this.lastSeq });
    else if (head.seq > this.lastSeq) this.missing(this.expected, head.seq);
    else if (head.seq === this.lastSeq && this.links?.includes(head.hash) === false) this.doubtPrevious();
    if (!this.isCheckpointConfirmed) this.faults.push({ kind: 'checkpoint', seq: this.start.seq });
    return this.withMoves();
  }

  private missing(first: number, last: number): void {
    this.faults.push({ kind: 'removed', seq: first, lastSeq: last });
    this.links = undefined;
    this.previous = undefined;
  }

  private doubt(entry: AuditEntry): void {
    this.faults.push({ kind: 'changed', seq: entry.chainSeq, id: entry.id });
    if (this.doubtful.length < MAX_COMPARED) this.doubtful.push(entry);
  }

  /** The entry before fits itself but not its successor: it was changed together with its hash. */
  private doubtPrevious(): void {
    const { previous } = this;
    if (previous === undefined) this.faults.push({ kind: 'checkpoint', seq: this.start.seq });
    else if (this.faults.at(-1)?.seq !== previous.chainSeq) this.doubt(previous);
    this.isCheckpointConfirmed ||= previous === undefined;
  }

  private isErasedRightly(entry: AuditEntry): boolean {
    const { detailsSalt, userEmail, userName, ipAddress, userId, resourceType, resourceId } = entry;
    if (detailsSalt !== null) return true;
    if (userId !== null && this.erasedUsers.has(userId))
      return userEmail === null && userName === null && ipAddress === null;
    return resourceType === 'user' && resourceId !== null && this.erasedUsers.has(resourceId);
  }

  private noteRemoval({ removed_up_to, removed_digest }: RemovalNote): void {
    if (removed_up_to === this.start.seq && removed_digest === this.start.hash) {
      this.isCheckpointConfirmed = true;
    }
  }

  /** An entry that would fit in the place of another doubtful one was moved. */
  private withMoves(): readonly ChainFault[] {
    const places = this.doubtful.map(({ chainSeq }) => chainSeq);
    const moved = new Map<number, number>();
    for (const entry of this.doubtful) {
      const from = places.find((seq) => seq !== entry.chainSeq && fits(entry, seq));
      if (from !== undefined) moved.set(entry.chainSeq, from);
    }
    return this.faults.map((fault) => {
      const from = fault.kind === 'changed' ? moved.get(fault.seq) : undefined;
      return from === undefined ? fault : { ...fault, kind: 'reordered' as const, movedFrom: from };
    });
  }
}

function fits(entry: AuditEntry, chainSeq: number): boolean {
  return hashOfEntry({ ...entry, chainSeq }) === entry.hash;
}
