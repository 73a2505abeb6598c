import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Table `folded_download_spools`: spool segments whose counts are in `download_counts_daily`. */
@Entity('folded_download_spools')
export class FoldedDownloadSpoolEntity {
  @PrimaryColumn('text', { primaryKeyConstraintName: 'pk_folded_download_spool' })
  spool!: string;

  @Column('timestamptz', { default: () => 'now()' })
  foldedAt!: Date;
}
