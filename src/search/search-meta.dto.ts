import { IsIn, IsOptional, IsString } from 'class-validator';

const SORTS = ['relevance', 'name', 'downloads', 'created', 'updated'] as const;
const ORDERS = ['asc', 'desc'] as const;

/** Where a page of a search stands in the whole result (REST contract 4). */
export class SearchMetaDto {
  limit: number;
  offset: number;
  /** Counted up to 10 000. */
  total: number;
  /** There are more than `total`. */
  total_capped?: boolean;
  /** To be sent back as `cursor`; absent on the last page. */
  next_cursor?: string;
}

/** The order and the page of a search that are wanted. */
export class SearchPageQueryDto {
  /** Without it: exact names first, then what fits best, then newest. */
  @IsOptional()
  @IsIn(SORTS)
  sort?: (typeof SORTS)[number];

  /** Names go upward and everything else downward unless this says otherwise; relevance has one direction. */
  @IsOptional()
  @IsIn(ORDERS)
  order?: (typeof ORDERS)[number];

  /** Rows of a page; what is above the maximum becomes the maximum. */
  @IsOptional()
  @IsString()
  limit?: string;

  /** `next_cursor` of the page before. */
  @IsOptional()
  @IsString()
  cursor?: string;
}

/** The same with the older ways to say which page. */
export class SearchOffsetQueryDto extends SearchPageQueryDto {
  /** Rows to skip, at most 10 000; beyond, use `cursor`. */
  @IsOptional()
  @IsString()
  offset?: string;

  /** From 1; instead of `offset`. */
  @IsOptional()
  @IsString()
  page?: string;

  /** Instead of `limit`. */
  @IsOptional()
  @IsString()
  per_page?: string;
}
