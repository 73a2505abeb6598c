import { ApiProperty } from '@nestjs/swagger';
import { IsIn, IsOptional, IsString, MaxLength } from 'class-validator';

/** A rule that a value must keep. */
export class InputValidationDto {
  condition: string;
  error_message: string;
}

/** One input of a module. */
export class ModuleInputDto {
  name: string;
  /** The type expression, e.g. `list(string)`. */
  type: string;
  description: string;
  /** The default as JSON; `null` also when there is none. */
  @ApiProperty({ type: 'object', additionalProperties: true, nullable: true })
  default: unknown;
  required: boolean;
  sensitive: boolean;
  nullable: boolean;
  ephemeral: boolean;
  deprecated: string | null;
  validations: InputValidationDto[];
}

/** One output of a module. */
export class ModuleOutputDto {
  name: string;
  description: string;
  sensitive: boolean;
  ephemeral: boolean;
  deprecated: string | null;
}

/** A provider that a module needs. */
export class ModuleProviderDto {
  name: string;
  source: string;
  /** Version constraint; `""` for any. */
  version: string;
  aliases: string[];
}

/** What a module declares. */
export class ModuleResourceDto {
  name: string;
  type: string;
  @ApiProperty({ enum: ['managed', 'data', 'ephemeral'] })
  mode: 'managed' | 'data' | 'ephemeral';
  provider: string;
}

/** A module that a module calls. */
export class ModuleCallDto {
  name: string;
  source: string;
  /** Version constraint; `""` without one. */
  version: string;
}

/** Terraform itself or a provider, with the versions that are needed. */
export class ModuleRequirementDto {
  /** `terraform`, or the source of a provider. */
  name: string;
  /** Version constraint; `""` for any. */
  version: string;
}

/** One difference between two versions. */
export class ModuleChangeDto {
  @ApiProperty({
    enum: ['input', 'output', 'provider', 'resource', 'module_call', 'submodule', 'required_version'],
  })
  kind: 'input' | 'output' | 'provider' | 'resource' | 'module_call' | 'submodule' | 'required_version';
  name: string;
  @ApiProperty({ enum: ['added', 'removed', 'changed'] })
  change: 'added' | 'removed' | 'changed';
  breaking: boolean;
  /** One sentence: what changed. */
  detail: string;
}

/** Whether a version number says what the change is. */
export class VersionVerdictDto {
  @ApiProperty({ enum: ['major', 'minor', 'patch'] })
  needed: 'major' | 'minor' | 'patch';
  @ApiProperty({ enum: ['major', 'minor', 'patch'] })
  declared: 'major' | 'minor' | 'patch';
  ok: boolean;
}

/** Two versions of a module, compared. */
export class VersionComparisonDto {
  from: string;
  to: string;
  changes: ModuleChangeDto[];
  verdict: VersionVerdictDto;
}

/** The documentation of one part of a version. Lists are empty while the analysis is pending. */
export class ModuleDocumentationDto {
  @ApiProperty({ enum: ['pending', 'ready', 'failed'] })
  status: 'pending' | 'ready' | 'failed';
  /** `file:line: sentence`, for the author of the module. */
  problems: string[];
  /** `""` for the root module. */
  path: string;
  @ApiProperty({ enum: ['root', 'submodule', 'example'] })
  kind: 'root' | 'submodule' | 'example';
  /** Safe HTML; ids begin with `readme-`, links and images of the archive lead to its files. */
  readme_html: string;
  inputs: ModuleInputDto[];
  outputs: ModuleOutputDto[];
  providers: ModuleProviderDto[];
  resources: ModuleResourceDto[];
  module_calls: ModuleCallDto[];
  requirements: ModuleRequirementDto[];
  /** Paths of the submodules of the version. */
  submodules: string[];
  /** Paths of the examples of the version. */
  examples: string[];
  /** SPDX identifier. */
  licence: string | null;
  /** Safe HTML of the CHANGELOG. */
  changelog_html: string;
  /** Against the version before, at the time of the analysis. */
  @ApiProperty({ type: VersionComparisonDto, nullable: true })
  comparison: VersionComparisonDto | null;
}

/** Which stored versions are to be analyzed again. */
export class ReanalyzeModulesDto {
  /** Without it every module of the registry, which only a platform administrator may ask for. */
  @IsOptional()
  @IsString()
  @MaxLength(64)
  namespace?: string;

  @IsOptional()
  @IsString()
  @MaxLength(64)
  name?: string;

  @IsOptional()
  @IsString()
  @MaxLength(64)
  system?: string;

  @IsOptional()
  @IsString()
  @MaxLength(128)
  version?: string;

  /** `failed`: those without documentation; `outdated`: those of an older analyzer, or never analyzed. */
  @ApiProperty({ enum: ['all', 'failed', 'outdated'], required: false, default: 'all' })
  @IsOptional()
  @IsIn(['all', 'failed', 'outdated'])
  only?: 'all' | 'failed' | 'outdated';
}

/** How many versions will be analyzed again. */
export class ReanalysisQueuedDto {
  queued: number;
}

/** How far the versions are that the caller may write. */
export class ReanalysisProgressDto {
  /** Versions that wait for their analysis, or were never analyzed. */
  pending: number;
  ready: number;
  failed: number;
}
