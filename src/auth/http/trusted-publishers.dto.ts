import { ApiProperty } from '@nestjs/swagger';
import { ArrayMaxSize, IsArray, IsObject, IsString, MaxLength } from 'class-validator';

/** A pipeline that is to publish without a stored secret. */
export class CreateTrustedPublisherDto {
  /** The issuer of its identity tokens, exactly as they carry it. */
  @IsString()
  @MaxLength(512)
  issuer: string;

  @ApiProperty({ enum: ['github', 'gitlab', 'azuredevops', 'generic'] })
  @IsString()
  @MaxLength(16)
  subject_kind: string;

  /** The claims that fix repository and workflow, ref or environment, each with the text it must have. */
  @ApiProperty({ type: 'object', additionalProperties: { type: 'string' } })
  @IsObject()
  claims: Record<string, string>;

  /** Where it may publish; namespaces of the organization, or free ones. */
  @IsArray()
  @ArrayMaxSize(50)
  @IsString({ each: true })
  namespaces: string[];

  /** `modules:write`, `providers:write` and their read scopes. */
  @IsArray()
  @ArrayMaxSize(15)
  @IsString({ each: true })
  scopes: string[];
}

/** A trusted publisher of an organization. */
export class TrustedPublisherDto {
  id: string;
  organization_id: string;
  issuer: string;
  @ApiProperty({ enum: ['github', 'gitlab', 'azuredevops', 'generic'] })
  subject_kind: string;
  @ApiProperty({ type: 'object', additionalProperties: { type: 'string' } })
  claims: Record<string, string>;
  namespaces: string[];
  scopes: string[];
  created_at: string;
}

/** All trusted publishers of an organization. */
export class TrustedPublisherListDto {
  trusted_publishers: TrustedPublisherDto[];
}
