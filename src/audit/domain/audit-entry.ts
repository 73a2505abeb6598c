/** What an entry says beside its columns; always with `auth_method`, `request_id`, and the change itself. */
export type AuditMetadata = Readonly<Record<string, unknown>>;

/** Who acted, by the kind of credential; commands, jobs and the server itself have none. */
export type AuditActorKind = 'anonymous' | 'api-key' | 'user' | 'service' | 'command' | 'job' | 'system';

/** What is known about an entry before it gets its place in a chain. */
export interface AuditDraft {
  /** The id of the organization, or {@link PLATFORM_CHAIN}. */
  readonly chain: string;
  readonly userId: string | null;
  readonly userEmail: string | null;
  readonly userName: string | null;
  readonly actorKind: AuditActorKind;
  /** The id of the key, session or service. */
  readonly actorId: string | null;
  readonly organizationId: string | null;
  readonly action: string;
  readonly resourceType: string | null;
  readonly resourceId: string | null;
  readonly metadata: AuditMetadata;
  readonly ipAddress: string | null;
}

/** One entry of the audit log, as it is stored. */
export interface AuditEntry extends Omit<AuditDraft, 'actorKind'> {
  readonly id: string;
  readonly actorKind: string;
  /** Place in the chain, from 1 and without gaps. */
  readonly chainSeq: number;
  readonly previousHash: string;
  readonly hash: string;
  /** Goes into the digest of the details; `null` once the person in them was erased. */
  readonly detailsSalt: string | null;
  readonly detailsDigest: string;
  readonly createdAt: Date;
}

/** The chain of what belongs to no organization. */
export const PLATFORM_CHAIN = 'platform';

/** The chain of an organization, or of the platform. */
export function chainOf(organizationId: string | null): string {
  return organizationId ?? PLATFORM_CHAIN;
}
