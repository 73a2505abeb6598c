import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';
import type { PublishedFrom } from '../../access/principal.js';
import { VersionLifeColumns } from '../../platform/database/version-life.columns.js';
import type { ModuleVersion } from '../domain/module-version.js';

/** Table `module_versions`. Unique by module and canonical version; tombstones stay. */
@Entity('module_versions')
export class ModuleVersionEntity extends VersionLifeColumns implements ModuleVersion {
  @PrimaryGeneratedColumn('uuid', { primaryKeyConstraintName: 'pk_module_version' })
  id: string;

  @Column('uuid')
  moduleId: string;

  @Column('text')
  version: string;

  @Column({ type: 'text', collation: 'C' })
  sortKey: string;

  @Column('uuid', { nullable: true })
  artifactId: string | null;

  @Column('text')
  digest: string;

  @Column('bigint', { transformer: { to: (value: number) => value, from: Number } })
  sizeBytes: number;

  @Column('text')
  filename: string;

  @Column('text', { nullable: true })
  topFolder: string | null;

  @Column('text', { nullable: true })
  readme: string | null;

  @Column('jsonb', { nullable: true })
  publishedFrom: PublishedFrom | null;
}
