import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { DocumentationKind, DocumentationPage } from '../domain/provider-documentation.js';

/** Table `provider_documentation_pages`: one page of the documentation of a version. */
@Entity('provider_documentation_pages')
export class ProviderDocumentationPageEntity implements DocumentationPage {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'pk_provider_documentation_page' })
  versionId: string;

  @PrimaryColumn('text', { primaryKeyConstraintName: 'pk_provider_documentation_page' })
  kind: DocumentationKind;

  @PrimaryColumn('text', { primaryKeyConstraintName: 'pk_provider_documentation_page' })
  name: string;

  @Column('text')
  title: string;

  @Column('text')
  subcategory: string;

  @Column('text')
  description: string;

  /** Safe HTML. */
  @Column('text')
  html: string;

  @Column('text')
  path: string;

  /** Place in lists, from 0. */
  @Column('integer')
  position: number;
}
