/** What an upstream has of a provider beside what is here, and may be fetched when somebody asks for it. Plain JSON. */
export type ProviderOffer =
  | {
      readonly kind: 'offered';
      /** By the exact text of the version. */
      readonly versions: Readonly<Record<string, OfferedVersion>>;
    }
  /** The upstream does not have it, or the mirror may not fetch it. */
  | { readonly kind: 'absent' }
  | FailedQuestion;

/** A version of which packages are missing here. */
export interface OfferedVersion {
  /** `os_arch` of the missing packages that the mirror wants. */
  readonly platforms: readonly string[];
  /** Only a key that counts already may have signed it. */
  readonly needsKnownKey: boolean;
  /** The rules of the mirror approve it instead of a person. */
  readonly isAutoApproved: boolean;
}

/** What the signed checksums of a version say about its packages. Plain JSON. */
export type ReleaseOffer =
  | {
      readonly kind: 'offered';
      /** SHA-256 in 64 lower-case hex digits, by `os_arch`. */
      readonly digests: Readonly<Record<string, string>>;
    }
  | FailedQuestion;

/** A question that the upstream did not answer as it should. */
export interface FailedQuestion {
  readonly kind: 'failed';
  readonly code: string;
  /** Safe to show. */
  readonly message: string;
  /** Whether the same may succeed later without anybody changing something. */
  readonly isTransient: boolean;
}
