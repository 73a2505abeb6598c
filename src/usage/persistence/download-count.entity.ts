import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** Table `download_counts_daily`: downloads of a module version or provider package on one day (UTC). */
@Entity('download_counts_daily')
@Index('ix_download_count_daily_day', ['day'])
export class DownloadCountEntity {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'pk_download_count_daily' })
  targetId!: string;

  @PrimaryColumn('date', { primaryKeyConstraintName: 'pk_download_count_daily' })
  day!: string;

  @Column('bigint', { transformer: { to: (value: number) => value, from: Number } })
  downloads!: number;
}
