import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Table `search_downloads`: downloads of a module or provider, apart because they change all the time. */
@Entity('search_downloads')
export class SearchDownloadEntity {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'pk_search_download' })
  documentId: string;

  @Column('bigint', { transformer: { to: (value: number) => value, from: Number } })
  downloads: number;
}
