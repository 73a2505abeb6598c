import { Column, CreateDateColumn, Entity, PrimaryGeneratedColumn } from 'typeorm';
import type { ModuleVersion, VersionState } from '../domain/module-version.js';

/** Table `module_versions`. Unique by module and canonical version; tombstones stay. */
@Entity('module_versions')
export class ModuleVersionEntity implements ModuleVersion {
  @PrimaryGeneratedColumn('uuid', { primaryKeyConstraintName: 'pk_module_version' })
  id: string;

  @Column('uuid')
  moduleId: string;

  @Column('text')
  version: string;

  @Column({ type: 'text', collation: 'C' })
  sortKey: string;

  @Column('text')
  state: VersionState;

  @Column('text', { nullable: true })
  stateReason: string | null;

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

  @Column('uuid', { nullable: true })
  publishedBy: string | null;

  @Column('text', { nullable: true })
  publishedByName: string | null;

  @Column('timestamptz', { default: () => 'now()' })
  publishedAt: Date;

  @Column('timestamptz', { nullable: true })
  deprecatedAt: Date | null;

  @Column('text', { nullable: true })
  deprecationMessage: string | null;

  @Column('text', { nullable: true })
  replacement: string | null;

  @Column('timestamptz', { nullable: true })
  deletedAt: Date | null;

  @Column('text', { nullable: true })
  deletedByName: string | null;

  @CreateDateColumn({ type: 'timestamptz' })
  createdAt: Date;
}
