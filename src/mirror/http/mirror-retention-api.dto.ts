import { IsString, MaxLength } from 'class-validator';

/** A version of a provider of a mirror. */
export class MirroredVersionNameDto {
  @IsString()
  @MaxLength(64)
  namespace: string;

  @IsString()
  @MaxLength(64)
  provider_name: string;

  /** The exact text of the upstream. */
  @IsString()
  @MaxLength(128)
  version: string;
}

/** What one version takes. */
export class MirrorVersionSpaceDto {
  version: string;
  packages: number;
  bytes: number;
  pinned: boolean;
  /** The last day (UTC) on which it was downloaded, or came here. */
  last_used: string;
  /** Whether the next run of retention removes it. */
  would_be_removed: boolean;
  /** Why it stays, or `removed`. */
  retention: string;
}

/** What one provider takes. */
export class MirrorProviderSpaceDto {
  namespace: string;
  provider_name: string;
  packages: number;
  bytes: number;
  /** Newest first. */
  versions: MirrorVersionSpaceDto[];
}

/** What a mirror takes. An object that several packages share is counted once in totals. */
export class MirrorSpaceDto {
  providers: MirrorProviderSpaceDto[];
  total_packages: number;
  total_bytes: number;
  /** What retention would free now. */
  freeable_objects: number;
  freeable_bytes: number;
}
