import { ApiProperty } from '@nestjs/swagger';
import { ArrayMaxSize, IsArray, IsBoolean, IsObject, IsOptional, IsString, MaxLength } from 'class-validator';

/** What goes into a bundle; without a field everything does. Filters are those of mirrors. */
export class ExportBundleDto {
  /** Host names of upstream registries. */
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(500)
  @IsString({ each: true })
  @MaxLength(260, { each: true })
  hosts?: string[];

  @IsOptional()
  @IsArray()
  @ArrayMaxSize(500)
  @IsString({ each: true })
  namespace_filter?: string[];

  @IsOptional()
  @IsArray()
  @ArrayMaxSize(500)
  @IsString({ each: true })
  provider_filter?: string[];

  @IsOptional()
  @IsString()
  @MaxLength(1024)
  version_filter?: string;

  /** `os/arch` */
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(200)
  @IsString({ each: true })
  platform_filter?: string[];

  /** Whether pre-releases are among all, `latest:N`, prefixes and constraints. */
  @IsOptional()
  @IsBoolean()
  with_prereleases?: boolean = true;

  /** `providers` of the inventory of the other side: only what it does not have is exported. */
  @IsOptional()
  @IsObject()
  @ApiProperty({ type: Object, additionalProperties: true, required: false })
  inventory?: object;
}

/** What is here of mirrored providers. */
export class BundleInventoryDto {
  /** SHA-256 by `os_arch`, by version, by `host/namespace/type`. */
  @ApiProperty({ type: Object, additionalProperties: true })
  providers: object;
}

/** The parts of an upload. */
export class ImportBundleFormDto {
  /** The bundle. */
  @ApiProperty({ type: 'string', format: 'binary' })
  bundle: string;

  /** The mirror to which the providers belong from then on; its upstream is theirs. */
  @IsString()
  mirror_id: string;

  /** Fingerprint of the signing key of the registry that exported the bundle; not needed with `mirror.bundle_signers`. */
  @IsOptional()
  @IsString()
  @MaxLength(200)
  signer?: string;
}

/** What became of one version. */
export class BundleImportLineDto {
  host: string;
  namespace: string;
  provider_name: string;
  version: string;
  /** `present`: everything of it was here already. */
  outcome: 'imported' | 'present' | 'refused';
  /** Packages that were stored now. */
  packages: number;
  bytes: number;
  /** Why it was refused. */
  code?: string;
  message?: string;
}

/** What an import did. */
export class BundleImportReportDto {
  /** `failed` when a version was refused; the others are here. */
  status: 'success' | 'failed';
  /** Whose bundle it was. */
  signer: string;
  exported_by: string;
  created_at: string;
  imported: number;
  present: number;
  refused: number;
  /** In the order of the bundle. */
  versions: BundleImportLineDto[];
}
