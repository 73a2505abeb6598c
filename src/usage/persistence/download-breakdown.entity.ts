import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { BreakdownDimension } from '../domain/download-breakdown.js';

/**
 * Table `download_breakdown_daily`: of the downloads of a module version or provider package on one day (UTC), those
 * by a client or for an organization. What is missing to `download_counts_daily` is not known.
 */
@Entity('download_breakdown_daily')
@Index('ix_download_breakdown_daily_dimension', ['dimension', 'day'])
export class DownloadBreakdownEntity {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'pk_download_breakdown_daily' })
  targetId!: string;

  @PrimaryColumn('date', { primaryKeyConstraintName: 'pk_download_breakdown_daily' })
  day!: string;

  @PrimaryColumn('text', { primaryKeyConstraintName: 'pk_download_breakdown_daily' })
  dimension!: BreakdownDimension;

  @PrimaryColumn('text', { primaryKeyConstraintName: 'pk_download_breakdown_daily' })
  value!: string;

  @Column('bigint', { transformer: { to: (value: number) => value, from: Number } })
  downloads!: number;
}
