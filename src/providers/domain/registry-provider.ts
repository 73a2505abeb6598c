/** A provider as the registry knows it: an address, its owner, and what people say about it. */
export interface RegistryProvider {
  readonly id: string;
  readonly organizationId: string;
  /** Lower case. */
  readonly namespace: string;
  readonly type: string;
  readonly description: string | null;
  readonly source: string | null;
  readonly createdBy: string | null;
  readonly createdByName: string | null;
  /** Set while the whole provider is deleted: invisible to readers, its version numbers stay taken. */
  readonly deletedAt: Date | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}
