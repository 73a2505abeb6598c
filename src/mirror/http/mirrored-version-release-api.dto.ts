import { IsString, MaxLength, MinLength } from 'class-validator';

/** A version to let through before its cool-down is over. */
export class ReleaseMirroredVersionDto {
  @IsString()
  @MinLength(1)
  @MaxLength(64)
  namespace: string;

  @IsString()
  @MinLength(1)
  @MaxLength(64)
  provider_name: string;

  /** The exact text of the upstream. */
  @IsString()
  @MinLength(1)
  @MaxLength(128)
  version: string;

  /** Why, for the audit log. */
  @IsString()
  @MinLength(1)
  @MaxLength(2000)
  reason: string;
}

/** A version that waits no longer. */
export class MirroredVersionReleasedDto {
  message: string;
  namespace: string;
  provider_name: string;
  version: string;
  first_seen_at: string;
  released_at: string;
}
