import { IsOptional, IsString } from 'class-validator';

/** Which part of a list of the public registry API is wanted; read with `protocolPage`, which never refuses a value. */
export class ProtocolListQueryDto {
  /** Rows to skip. */
  @IsOptional()
  @IsString()
  offset?: string;

  /** Rows of a page: 15 unless given, at most 100. */
  @IsOptional()
  @IsString()
  limit?: string;

  /** `true`: only what is verified. */
  @IsOptional()
  @IsString()
  verified?: string;
}

/** Where an answer stands in the whole list, and where its neighbors are. */
export class ProtocolListMetaDto {
  limit: number;
  current_offset: number;
  /** Absent on the last page. */
  next_offset?: number;
  /** Absent on the first page. */
  prev_offset?: number;
  /** Path and query of the next page. */
  next_url?: string;
  /** Path and query of the page before. */
  prev_url?: string;
}
