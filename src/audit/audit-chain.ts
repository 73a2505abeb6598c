import { hash, randomBytes } from 'node:crypto';
import { canonicalJson } from './domain/canonical-json.js';
import type { AuditDraft, AuditEntry } from './domain/audit-entry.js';

/** What stands before the first entry of a chain. */
export const GENESIS_HASH = '0'.repeat(64);

/** The last entry that is known of a chain: place and hash. */
export interface ChainEnd {
  readonly seq: number;
  readonly hash: string;
}

const SALT_BYTES = 16;
/** The random end of an id. */
const ID_BYTES = 5;

type Details = Pick<AuditEntry, 'userEmail' | 'userName' | 'ipAddress' | 'metadata'>;

/** Gives a draft its place behind `end`. `createdAt` is the time of the database, in whole milliseconds. */
export function linkEntry(draft: AuditDraft, end: ChainEnd, createdAt: Date): AuditEntry {
  const random = randomBytes(SALT_BYTES + ID_BYTES);
  const detailsSalt = random.toString('hex', 0, SALT_BYTES);
  const unsealed = {
    ...draft,
    id: timeOrderedId(createdAt, end.seq + 1, random.toString('hex', SALT_BYTES)),
    chainSeq: end.seq + 1,
    previousHash: end.hash,
    detailsSalt,
    detailsDigest: digestOfDetails(draft, detailsSalt),
    createdAt,
  };
  return { ...unsealed, hash: hashOfEntry(unsealed) };
}

/**
 * SHA-256 over everything that is recorded and the hash before it. What names a person stands in it as a salted
 * digest, so that a person can be erased and the chain still holds.
 */
export function hashOfEntry(entry: Omit<AuditEntry, 'hash'>): string {
  const { chain, chainSeq, previousHash, id, userId, actorKind, actorId } = entry;
  const { organizationId, action, resourceType, resourceId, createdAt, detailsDigest } = entry;
  const fields = [
    ...[chain, chainSeq, previousHash, id, createdAt.toISOString(), userId, actorKind, actorId],
    ...[organizationId, action, resourceType, resourceId, detailsDigest],
  ];
  return hash('sha256', JSON.stringify(fields));
}

/** The digest of what names a person and of the metadata. */
export function digestOfDetails(details: Details, salt: string): string {
  const { userEmail, userName, ipAddress, metadata } = details;
  return hash('sha256', canonicalJson([salt, userEmail, userName, ipAddress, metadata]));
}

/** Whether the fields of an entry are those that its hash was made of. */
export function isIntact(entry: AuditEntry): boolean {
  return entry.hash === hashOfEntry(entry) && hasItsDetails(entry);
}

function hasItsDetails(entry: AuditEntry): boolean {
  const { detailsSalt, detailsDigest } = entry;
  return detailsSalt === null || digestOfDetails(entry, detailsSalt) === detailsDigest;
}

/** A UUID of version 7: ordered by time, and within a millisecond by the place in the chain (34 bits of it). */
function timeOrderedId(time: Date, seq: number, random: string): string {
  const ms = time.getTime().toString(16).padStart(12, '0');
  const high = (Math.floor(seq / 2 ** 22) % 2 ** 12).toString(16).padStart(3, '0');
  const low = (0x800000 + (seq % 2 ** 22)).toString(16);
  return `${ms.slice(0, 8)}-${ms.slice(8)}-7${high}-${low.slice(0, 4)}-${low.slice(4)}${random}`;
}
