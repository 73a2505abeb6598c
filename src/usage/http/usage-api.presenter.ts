import { csvOf } from '../domain/csv.js';
import type { DayRange } from '../domain/day.js';
import type { Usage } from '../domain/usage.js';
import type { UsageDto } from './usage-api.dto.js';

export function presentUsage({ rows, total }: Usage): UsageDto {
  return { rows: rows.map(({ key, downloads }) => ({ key, downloads })), total };
}

/** The rows as a table whose first column is called `heading`. */
export function presentTable(heading: string, { rows }: Usage): string {
  return csvOf(
    [heading, 'downloads'],
    rows.map(({ key, downloads }) => [key, downloads]),
  );
}

/** The name under which a browser saves a table. */
export function tableName(subject: string, heading: string, { from, to }: DayRange): string {
  return `usage-${subject.replaceAll('/', '-')}-by-${heading}-${from}-${to}.csv`;
}
