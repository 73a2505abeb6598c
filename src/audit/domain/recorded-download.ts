/** Somebody who downloaded something, as the audit log knows it. */
export interface RecordedDownload {
  /** Mail address or name; `null` for anonymous downloads and for people who were erased. */
  readonly principal: string | null;
  /** What the client said about itself. */
  readonly client: string | null;
  readonly ipAddress: string | null;
  readonly at: Date;
}

/** Objects whose downloads are wanted, and to whom they belonged when they were downloaded. */
export interface DownloadedObjects {
  readonly resourceType: 'module' | 'provider';
  readonly ids: readonly string[];
  readonly organizationId: string;
}
