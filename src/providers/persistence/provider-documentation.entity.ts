import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { DocumentationStatus } from '../domain/provider-documentation.js';

/** Table `provider_documentation`: what became of the documentation archive of a version. No row: none was sent. */
@Entity('provider_documentation')
export class ProviderDocumentationEntity {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'pk_provider_documentation' })
  versionId: string;

  @Column('text', { default: 'pending' })
  status: DocumentationStatus;

  @Column('jsonb', { default: [] })
  problems: string[];

  /** Set while it is asked for again and not done. */
  @Column('timestamptz', { nullable: true })
  requestedAt: Date | null;

  @Column('timestamptz', { nullable: true })
  madeAt: Date | null;
}
