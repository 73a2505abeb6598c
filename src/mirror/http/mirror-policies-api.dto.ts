import {
  IsBoolean,
  IsIn,
  IsInt,
  IsOptional,
  IsString,
  Matches,
  Max,
  MaxLength,
  Min,
  MinLength,
  ValidateIf,
} from 'class-validator';

const MAX_PRIORITY = 1_000_000;
const MIN_PRIORITY = -1_000_000;
const TYPES = ['allow', 'deny'] as const;
const TYPE_RULE = "Policy type must be 'allow' or 'deny'";
const isSent = (_body: object, value: unknown): boolean => value !== undefined;

/** What a policy is about, for new ones and for changes. */
class PolicyPatternsDto {
  /** `null` and `""` clear it. */
  @IsOptional()
  @IsString()
  @MaxLength(2000)
  description?: string | null;

  /** A host name, or an address of which the host name counts. `null` and `""`: any. */
  @IsOptional()
  @IsString()
  @MaxLength(255)
  upstream_registry?: string | null;

  /** A name, or a pattern with `*` and `?`. `null` and `""`: any. */
  @IsOptional()
  @IsString()
  @MaxLength(64)
  namespace_pattern?: string | null;

  /** A name, or a pattern with `*` and `?`. `null` and `""`: any. */
  @IsOptional()
  @IsString()
  @MaxLength(64)
  provider_pattern?: string | null;

  /** The highest is asked first. */
  @ValidateIf(isSent)
  @IsInt()
  @Min(MIN_PRIORITY)
  @Max(MAX_PRIORITY)
  priority?: number;

  /** Whether it is asked at all. */
  @ValidateIf(isSent)
  @IsBoolean()
  is_active?: boolean;

  /** Whether what it allows needs an approval. */
  @ValidateIf(isSent)
  @IsBoolean()
  requires_approval?: boolean;
}

/** A policy to add. */
export class CreateMirrorPolicyDto extends PolicyPatternsDto {
  /** Unique among the policies of one organization, and among the global ones. */
  @IsString()
  @MinLength(1)
  @MaxLength(255)
  @Matches(/\S/, { message: 'name must not be blank' })
  name: string;

  @IsIn(TYPES, { message: TYPE_RULE })
  policy_type: 'allow' | 'deny';

  /** Absent, `null` and `""`: a global policy. */
  @IsOptional()
  @IsString()
  organization_id?: string | null;
}

/** What changes about a policy; absent stays as it is. The organization does not change. */
export class UpdateMirrorPolicyDto extends PolicyPatternsDto {
  @ValidateIf(isSent)
  @IsString()
  @MinLength(1)
  @MaxLength(255)
  @Matches(/\S/, { message: 'name must not be blank' })
  name?: string;

  @ValidateIf(isSent)
  @IsIn(TYPES, { message: TYPE_RULE })
  policy_type?: 'allow' | 'deny';
}

/** A provider to ask the policies about. */
export class EvaluateMirrorPoliciesDto {
  /** A host name, or an address of which the host name counts. */
  @IsString()
  @MinLength(1)
  @MaxLength(255)
  registry: string;

  @IsString()
  @MinLength(1)
  @MaxLength(64)
  namespace: string;

  @IsString()
  @MinLength(1)
  @MaxLength(64)
  provider: string;
}

/** A policy (REST contract 4). */
export class MirrorPolicyDto {
  id: string;
  /** Absent: global. */
  organization_id?: string;
  name: string;
  description?: string;
  policy_type: 'allow' | 'deny';
  upstream_registry?: string;
  namespace_pattern?: string;
  provider_pattern?: string;
  priority: number;
  is_active: boolean;
  requires_approval: boolean;
  created_at: string;
  updated_at: string;
  created_by?: string;
  organization_name?: string;
  created_by_name?: string;
}

/** What the policies say about a provider. */
export class PolicyEvaluationDto {
  allowed: boolean;
  requires_approval: boolean;
  /** The name of the policy that decided; absent when none matches. */
  matched_policy?: string;
  matched_policy_detail?: MirrorPolicyDto;
  /** For people, e.g. `Denied by policy: no-aws`. */
  reason: string;
}

/** What was done, in a sentence. */
export class MirrorPolicyDeletedDto {
  message: string;
}
