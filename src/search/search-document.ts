import type { SearchKind } from './search-request.js';

/** What is to be found of a module or provider. */
export interface SearchDocument {
  readonly kind: SearchKind;
  /** Id of the module or provider. */
  readonly id: string;
  readonly organizationId: string;
  readonly namespace: string;
  /** The name under which its readers stand where that is not the namespace: of a mirrored provider. */
  readonly readers?: string | null;
  /** Name of a module, type of a provider. */
  readonly name: string;
  /** `null` for a provider. */
  readonly system: string | null;
  readonly description: string | null;
  readonly source: string | null;
  readonly createdBy: string | null;
  readonly createdByName: string | null;
  /** `""` when nothing is published. */
  readonly latestVersion: string;
  readonly latestPublishedAt: Date | null;
  /** How many versions are active. */
  readonly versions: number;
  /** Whether there are active versions, and every one of them is deprecated. */
  readonly deprecated: boolean;
  readonly verified: boolean;
  /** Local names and source addresses of the providers that a module needs. */
  readonly providerNames: readonly string[];
  /** Longer texts: README, inputs, outputs, resources. */
  readonly texts: readonly string[];
  readonly createdAt: Date;
  readonly updatedAt: Date;
}
