import { IsOptional, IsString } from 'class-validator';

/** Which page of a list is wanted; read with `pageRequest`, which never refuses a value. */
export class PageQueryDto {
  /** From 1. */
  @IsOptional()
  @IsString()
  page?: string;

  /** Rows of a page; what is above the maximum becomes the maximum. */
  @IsOptional()
  @IsString()
  per_page?: string;
}

/** Where an answer stands in the whole list (REST contract 4). */
export class PaginationDto {
  page: number;
  per_page: number;
  total: number;
}
