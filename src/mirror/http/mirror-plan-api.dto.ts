import { ApiProperty } from '@nestjs/swagger';

/** A package that a run would fetch. */
export class PlannedPackageDto {
  os!: string;
  arch!: string;
  /** As the upstream says; absent when it was not asked, or does not say. */
  bytes?: number;
}

/** A version of which a run would fetch something. */
export class PlannedVersionDto {
  version!: string;
  /** Whether the rules of the mirror approve it instead of a person. */
  auto_approved!: boolean;
  /** Whether it is taken only when a key signed it that counts already. */
  needs_trusted_key!: boolean;
  packages!: PlannedPackageDto[];
}

/** Something that is not fetched, and why. */
export class LeftOutDto {
  /** A version, or a version and a platform; absent: the whole provider. */
  what?: string;
  reason!: string;
  detail?: string;
}

/** What a run would do about one provider. */
export class PlannedProviderDto {
  namespace!: string;
  provider_name!: string;
  /** Newest first. */
  versions!: PlannedVersionDto[];
  left_out!: LeftOutDto[];
  warnings!: string[];
}

/** Something that the upstream did not say. */
export class PlanFailureDto {
  about!: string;
  code!: string;
  message!: string;
}

/** What a run of a mirror would fetch now. */
export class MirrorPlanDto {
  /** Providers of which something would be fetched. */
  providers_count!: number;
  versions_count!: number;
  packages_count!: number;
  /** Of the packages whose size is known. */
  known_bytes!: number;
  /** Packages whose size is not known. */
  unknown_sizes!: number;
  /** How much is left out, by reason. */
  @ApiProperty({ type: 'object', additionalProperties: { type: 'integer' } })
  left_out_count!: Record<string, number>;
  /** `false`: `mirror.plan_timeout` was over, or the upstream failed, before everything was looked at. */
  complete!: boolean;
  /** Whether more was counted than is listed (`mirror.plan_lines`). */
  cut!: boolean;
  providers!: PlannedProviderDto[];
  failures!: PlanFailureDto[];
}
