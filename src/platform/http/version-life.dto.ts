/** `Deprecation & Life` of REST contract 4, and who published the version; part of every version in a list. */
export class VersionLifeDto {
  created_at: string;
  published_at: string;
  published_by?: string;
  published_by_name?: string;
  deprecated: boolean;
  deprecated_at?: string;
  deprecation_message?: string;
  /** An address of this registry to use instead. */
  replacement?: string;
  state: 'active' | 'withdrawn' | 'quarantined';
  state_reason?: string;
}
