import type { Platform } from '../../kernel/terraform/platform.js';
import type { UpstreamVersion } from './upstream-version.js';

/** A version that an upstream lists, as far as its line could be read. */
export interface ListedVersion extends UpstreamVersion {
  readonly platforms: readonly Platform[];
}

/** A line of a list that could not be read, made fit to be shown. */
export interface UnreadableLine {
  /** What the line seems to be about, in quotes. */
  readonly what: string;
  readonly reason: string;
}

/** The versions of a provider at its upstream. */
export interface ProviderListing {
  readonly versions: readonly ListedVersion[];
  readonly unreadable: readonly UnreadableLine[];
}
