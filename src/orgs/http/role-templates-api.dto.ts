import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsOptional,
  IsString,
  Matches,
  MaxLength,
  MinLength,
  ValidateIf,
} from 'class-validator';

const NAME = /^[a-z0-9_-]{1,64}$/;
const NAME_RULE = 'name must have 1 to 64 lower-case letters, digits, hyphens and underscores';
const isSent = (_body: object, value: unknown): boolean => value !== undefined;

/** A role template to add. */
export class CreateRoleTemplateDto {
  /** Unique; it never changes. */
  @Matches(NAME, { message: NAME_RULE })
  name: string;

  @IsString()
  @MinLength(1)
  @MaxLength(255)
  display_name: string;

  @IsOptional()
  @IsString()
  @MaxLength(2000)
  description?: string | null;

  /** At least one of the scopes of this registry. */
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(100)
  @IsString({ each: true })
  scopes: string[];
}

/** What changes about a role template; absent stays as it is. */
export class UpdateRoleTemplateDto {
  /** The present name, or absent. */
  @ValidateIf(isSent)
  @IsString()
  name?: string;

  @ValidateIf(isSent)
  @IsString()
  @MinLength(1)
  @MaxLength(255)
  display_name?: string;

  /** `null` and `""` clear it. */
  @IsOptional()
  @IsString()
  @MaxLength(2000)
  description?: string | null;

  @ValidateIf(isSent)
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(100)
  @IsString({ each: true })
  scopes?: string[];
}

/** A role template (REST contract 4). */
export class RoleTemplateDto {
  id: string;
  name: string;
  display_name: string;
  description?: string;
  scopes: string[];
  is_system: boolean;
  created_at: string;
  updated_at: string;
}

/** What was done, in a sentence. */
export class RoleTemplateDeletedDto {
  message: string;
}
