/** What kind of thing a row is. */
export type SearchKind = 'module' | 'provider';

/** The order of a result. `relevance`: exact names first, then how well the text fits, then newest. */
export type SearchSort = 'relevance' | 'name' | 'downloads' | 'created' | 'updated';

/** A search, with values that are checked already. */
export interface SearchRequest {
  readonly kinds: readonly SearchKind[];
  /** Words to look for; without them every row fits. */
  readonly q?: string;
  /**
   * `name`: every word is a substring of namespace, name, system or description (REST contract 15 and 16).
   * `text`: words also fit inputs, resources and README, and may be misspelled.
   */
  readonly match: 'name' | 'text';
  /** Compared in folded form. */
  readonly namespace?: string;
  /** Exact name of a module, or type of a provider. */
  readonly name?: string;
  readonly system?: string;
  /** Modules that need this provider: local name (`aws`) or source address (`hashicorp/aws`). */
  readonly provider?: string;
  readonly verified?: boolean;
  readonly deprecated?: boolean;
  /** Leave out rows that have no visible version. */
  readonly publishedOnly?: boolean;
  readonly sort: SearchSort;
  readonly order?: 'asc' | 'desc';
  readonly limit: number;
  /** Rows to skip; not together with {@link cursor}. */
  readonly offset?: number;
  /** `nextCursor` of the page before. */
  readonly cursor?: string;
  /** Whether facets are wanted. */
  readonly withFacets?: boolean;
}

/** One row of a result: a module or provider as lists show it. */
export interface SearchHit {
  readonly kind: SearchKind;
  /** Id of the module or provider. */
  readonly id: string;
  readonly organizationId: string;
  readonly organizationName: string;
  readonly namespace: string;
  /** Name of a module, type of a provider. */
  readonly name: string;
  /** `null` for a provider. */
  readonly system: string | null;
  readonly description: string | null;
  readonly source: string | null;
  /** Highest stable version by precedence (REST contract 2.9); `""` when nothing is published. */
  readonly latestVersion: string;
  /** When the latest version was published; `null` when nothing is. */
  readonly latestPublishedAt: Date | null;
  readonly downloads: number;
  /** Whether every active version is deprecated. */
  readonly deprecated: boolean;
  readonly verified: boolean;
  readonly createdBy: string | null;
  readonly createdByName: string | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** How many rows have a value; largest first, ten at most. */
export type SearchFacet = readonly { readonly value: string; readonly count: number }[];

/** A page of a search. */
export interface SearchPage {
  readonly hits: readonly SearchHit[];
  /** Counted up to 10 000. */
  readonly total: number;
  readonly isTotalCapped: boolean;
  /** Absent on the last page. */
  readonly nextCursor?: string;
  readonly facets?: Readonly<Record<'kind' | 'namespace' | 'system' | 'provider', SearchFacet>>;
}
