import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { ArchiveFile } from '../domain/analyzed-module.js';
import type { AnalysisProblem } from '../domain/module-analysis.js';
import type { VersionComparison } from '../domain/version-comparison.js';

/** Table `module_documentation`: what the analysis of a version found. No row: never asked for. */
@Entity('module_documentation')
export class ModuleDocumentationEntity {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'pk_module_documentation' })
  versionId: string;

  @Column('text', { default: 'pending' })
  status: 'pending' | 'ready' | 'failed';

  /** Version of the analyzer that wrote the row. */
  @Column('integer', { default: 0 })
  analyzer: number;

  @Column('jsonb', { default: [] })
  problems: AnalysisProblem[];

  @Column('text', { nullable: true })
  licence: string | null;

  @Column('text', { default: '' })
  changelogHtml: string;

  @Column('jsonb', { nullable: true })
  comparison: VersionComparison | null;

  /** Files that READMEs may show. */
  @Column('jsonb', { default: [] })
  files: ArchiveFile[];

  /** Set while an analysis is asked for and not done. */
  @Column('timestamptz', { nullable: true })
  requestedAt: Date | null;

  @Column('timestamptz', { nullable: true })
  analyzedAt: Date | null;
}
