import type { Page } from '../../kernel/page.js';
import type { PaginationDto } from './pagination.dto.js';

/** `Pagination` of REST contract 4. */
export function presentPagination({ page, perPage, total }: Page<unknown>): PaginationDto {
  return { page, per_page: perPage, total };
}
