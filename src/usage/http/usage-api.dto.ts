import { IsOptional, IsString } from 'class-validator';

/** Which days are asked about, in UTC, and how the answer is written. */
class UsageRangeDto {
  /** The first day, `YYYY-MM-DD`; by default the last 30 days are reported. */
  @IsOptional()
  @IsString()
  from?: string;

  /** The last day, inclusive; by default today. */
  @IsOptional()
  @IsString()
  to?: string;

  /** `json` or `csv`. */
  @IsOptional()
  @IsString()
  format?: string;
}

/** A question about the downloads of one module or provider. */
export class UsageQueryDto extends UsageRangeDto {
  /** `version`, `day`, `client` or `organization`. */
  @IsOptional()
  @IsString()
  by?: string;
}

/** A question about what is downloaded most. */
export class TopQueryDto extends UsageRangeDto {
  /** `module`, `provider`, `consumer` (organizations that download) or `client`. */
  @IsOptional()
  @IsString()
  kind?: string;

  /** Rows of the list, 10 by default; what is above 100 becomes 100. */
  @IsOptional()
  @IsString()
  limit?: string;
}

/** Downloads that have something in common. */
export class UsageRowDto {
  /** What they have in common; empty where it is not known, `other` for what is not told apart. */
  key: string;
  downloads: number;
}

/** Downloads divided into rows. */
export class UsageDto {
  rows: UsageRowDto[];
  /** All downloads that were asked about. */
  total: number;
}
