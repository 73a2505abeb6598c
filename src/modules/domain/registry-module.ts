/** A module as the registry knows it: an address, its owner, and what people say about it. */
export interface RegistryModule {
  readonly id: string;
  readonly organizationId: string;
  readonly namespace: string;
  readonly name: string;
  readonly system: string;
  readonly description: string | null;
  /** Where the module is developed, as told by the publisher. */
  readonly source: string | null;
  readonly createdBy: string | null;
  readonly createdByName: string | null;
  /** Set while the whole module is deleted: invisible to readers, its version numbers stay taken. */
  readonly deletedAt: Date | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}
