import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsInt,
  IsOptional,
  IsString,
  Length,
  Matches,
  Max,
  MaxLength,
  Min,
} from 'class-validator';

const NO_CONTROLS = /^\P{Cc}*$/u;
const NO_NUL = /^[^\0]*$/;
const NAME_RULE = { message: 'name must not contain control characters' };
const DESCRIPTION_RULE = { message: 'description must not contain the character NUL' };
const END_RULE = { message: 'Invalid expires_at format. Use RFC3339' };
const GRACE_RULE = { message: 'grace_period_hours must be between 0 and 72' };
const MOST_SCOPES = 50;

/** A key to make. */
export class CreateApiKeyDto {
  @IsString()
  @Length(1, 255)
  @Matches(NO_CONTROLS, NAME_RULE)
  name: string;

  /** `default` or empty: the default organization. */
  @IsOptional()
  @IsString()
  organization_id?: string;

  @IsOptional()
  @IsString()
  @MaxLength(2000)
  @Matches(NO_NUL, DESCRIPTION_RULE)
  description?: string;

  @IsArray()
  @ArrayMinSize(1, { message: 'Invalid scopes: at least one is needed' })
  @ArrayMaxSize(MOST_SCOPES)
  @IsString({ each: true })
  scopes: string[];

  /** RFC 3339; without it the key never ends. */
  @IsOptional()
  @IsString(END_RULE)
  expires_at?: string | null;
}

/** What to change; what is absent stays. */
export class ChangeApiKeyDto {
  @IsOptional()
  @IsString()
  @Length(1, 255)
  @Matches(NO_CONTROLS, NAME_RULE)
  name?: string;

  @IsOptional()
  @IsString()
  @MaxLength(2000)
  @Matches(NO_NUL, DESCRIPTION_RULE)
  description?: string | null;

  @IsOptional()
  @IsArray()
  @ArrayMinSize(1, { message: 'Invalid scopes: at least one is needed' })
  @ArrayMaxSize(MOST_SCOPES)
  @IsString({ each: true })
  scopes?: string[];

  /** RFC 3339; `null`: the key never ends. */
  @IsOptional()
  @IsString(END_RULE)
  expires_at?: string | null;
}

/** How long the replaced key still works. */
export class RotateApiKeyDto {
  @IsOptional()
  @IsInt(GRACE_RULE)
  @Min(0, GRACE_RULE)
  @Max(72, GRACE_RULE)
  grace_period_hours?: number;
}

/** An API key. The key itself is not kept. */
export class ApiKeyDto {
  id: string;
  user_id: string | null;
  user_name: string | null;
  organization_id: string;
  name: string;
  /** `""` when there is none. */
  description: string;
  /** The first ten characters of the key. */
  key_prefix: string;
  scopes: string[];
  expires_at: string | null;
  last_used_at: string | null;
  created_at: string;
}

/** Every key that the caller may manage, newest first. */
export class ApiKeyListDto {
  keys: ApiKeyDto[];
}

/** One key. */
export class ApiKeyAnswerDto {
  key: ApiKeyDto;
}

/** A key that was just made. */
export class NewApiKeyDto {
  id: string;
  name: string;
  description: string | null;
  /** The only time the key itself is shown. */
  key: string;
  key_prefix: string;
  scopes: string[];
  expires_at: string | null;
  organization_id: string;
  created_at: string;
}

/** The new key, and what became of the old one. */
export class RotatedApiKeyDto {
  new_key: NewApiKeyDto;
  old_key_status: 'revoked' | 'expires_at';
  old_expires_at?: string;
}

/** Answer to the end of a key. */
export class ApiKeyRevokedDto {
  message: string;
}
