import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { SubjectGeneration } from '../stored-document.js';

/** Table `document_generations`: how often the documents of a subject have changed. Rows are never removed. */
@Entity('document_generations')
export class DocumentGenerationEntity implements SubjectGeneration {
  @PrimaryColumn('text', { primaryKeyConstraintName: 'pk_document_generation' })
  subject!: string;

  @Column('bigint', { transformer: { to: (value: number) => value, from: Number } })
  generation!: number;

  @Index('ix_document_generation_updated')
  @Column('timestamptz', { default: () => 'now()' })
  updatedAt!: Date;
}
