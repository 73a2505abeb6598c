/** Downloads that have something in common; the key is empty where that is not known. */
export interface UsageRow {
  readonly key: string;
  readonly downloads: number;
}

/** Downloads divided into rows. */
export interface Usage {
  readonly rows: readonly UsageRow[];
  /** All that was asked about; a top list shows only the first rows of it. */
  readonly total: number;
}

/** One thing that is counted: a module version, or a package of a provider version. */
export interface DownloadTarget {
  readonly targetId: string;
  readonly version: string;
}

/** Downloads of the last 7, 30 and 365 days, today included, and of all time. */
export interface UsageSummary {
  readonly week: number;
  readonly month: number;
  readonly year: number;
  readonly total: number;
}
