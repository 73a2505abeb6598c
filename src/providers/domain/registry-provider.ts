/** A provider as the registry knows it: an address, its owner, and what people say about it. */
export interface RegistryProvider {
  readonly id: string;
  readonly organizationId: string;
  /** Lower case. */
  readonly namespace: string;
  readonly type: string;
  /** The upstream that a mirror brought it from, in lower case; `''` for what is published here. */
  readonly upstreamHost: string;
  /** Why a mirrored provider is offered to nobody now; `null` while it is. */
  readonly heldBackReason: string | null;
  readonly description: string | null;
  readonly source: string | null;
  readonly createdBy: string | null;
  readonly createdByName: string | null;
  /** Set while the whole provider is deleted: invisible to readers, its version numbers stay taken. */
  readonly deletedAt: Date | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}
