/** From where a pipeline published, as its identity provider says (REST contract 30.5). */
export class PublishedFromDto {
  issuer: string;
  repository: string;
  ref: string | null;
  commit: string | null;
  run_url: string | null;
}

/** `Deprecation & Life` of REST contract 4, and who published the version; part of every version in a list. */
export class VersionLifeDto {
  created_at: string;
  published_at: string;
  published_by?: string;
  published_by_name?: string;
  /** Set for versions that a pipeline published without a stored secret. */
  published_from?: PublishedFromDto;
  deprecated: boolean;
  deprecated_at?: string;
  deprecation_message?: string;
  /** An address of this registry to use instead. */
  replacement?: string;
  state: 'active' | 'withdrawn' | 'quarantined';
  state_reason?: string;
  /** What becomes of the download of a withdrawn version. */
  withdraw_mode?: 'hide' | 'refuse';
}
