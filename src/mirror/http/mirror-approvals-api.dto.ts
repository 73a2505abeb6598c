import { IsIn, IsISO8601, IsOptional, IsString, Matches, MaxLength, MinLength } from 'class-validator';

const MOMENT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:[0-5]\d(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})$/;
const END_RULE = { message: 'expires_at must be a time such as 2030-01-31T12:00:00Z' };

/** What to ask for. */
export class RequestMirrorApprovalDto {
  @IsString()
  mirror_config_id: string;

  @IsString()
  @MinLength(1)
  @MaxLength(64)
  provider_namespace: string;

  /** Absent and `""`: the whole namespace. */
  @IsOptional()
  @IsString()
  @MaxLength(64)
  provider_name?: string;

  /** The exact text of the upstream; absent and `""`: all versions. */
  @IsOptional()
  @IsString()
  @MaxLength(128)
  version?: string;

  @IsOptional()
  @IsString()
  @MaxLength(2000)
  reason?: string;
}

/** An answer to a request. */
export class ReviewMirrorApprovalDto {
  @IsIn(['approved', 'rejected'], { message: "Status must be 'approved' or 'rejected'" })
  status: 'approved' | 'rejected';

  /** For those who asked. `null` and `""` clear them. */
  @IsOptional()
  @IsString()
  @MaxLength(2000)
  notes?: string | null;

  /** Until when an approval counts; `null`: without an end. A rejection has none. */
  @IsOptional()
  @IsISO8601({ strict: true }, END_RULE)
  @Matches(MOMENT, END_RULE)
  expires_at?: string | null;
}

/** A request for an approval, and the answer (REST contract 4). */
export class MirrorApprovalDto {
  id: string;
  mirror_config_id: string;
  /** The organization of the mirror. */
  organization_id?: string;
  requested_by?: string;
  provider_namespace: string;
  /** Absent: the whole namespace. */
  provider_name?: string;
  /** Absent: all versions. */
  version?: string;
  reason?: string;
  status: 'pending' | 'approved' | 'rejected';
  reviewed_by?: string;
  reviewed_at?: string;
  review_notes?: string;
  /** The same as `review_notes`. */
  reviewer_notes?: string;
  /** Whether the rules of the mirror approved it. */
  auto_approved: boolean;
  created_at: string;
  updated_at: string;
  expires_at?: string;
  requested_by_name?: string;
  reviewed_by_name?: string;
  mirror_name?: string;
}
