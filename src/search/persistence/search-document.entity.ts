import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { SearchKind } from '../search-request.js';

/**
 * Table `search_documents`: one row for each module and provider that is not deleted. `visibility` is that of the
 * owner (`default`: as the server; `shared`: also for everybody who may read anything), `head` holds every word of `haystack`, `body` those of longer texts.
 */
@Entity('search_documents')
export class SearchDocumentEntity {
  /** Id of the module or provider. */
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'pk_search_document' })
  id: string;

  @Column('text')
  kind: SearchKind;

  @Column('uuid')
  organizationId: string;

  @Column('text')
  visibility: 'private' | 'public' | 'default' | 'shared';

  @Column('text')
  namespace: string;

  @Column({ type: 'text', collation: 'C' })
  foldedNamespace: string;

  /** Who may read a mirrored provider: the name of its claim. */
  @Column({ type: 'text', collation: 'C', nullable: true })
  readers: string | null;

  @Column('text')
  name: string;

  @Column({ type: 'text', collation: 'C' })
  foldedName: string;

  @Column('text', { nullable: true })
  system: string | null;

  @Column('text', { nullable: true })
  description: string | null;

  @Column('text', { nullable: true })
  source: string | null;

  @Column('uuid', { nullable: true })
  createdBy: string | null;

  @Column('text', { nullable: true })
  createdByName: string | null;

  @Column('text')
  latestVersion: string;

  @Column('timestamptz', { nullable: true })
  latestPublishedAt: Date | null;

  @Column('integer')
  versions: number;

  @Column('boolean')
  isDeprecated: boolean;

  @Column('boolean')
  isVerified: boolean;

  @Column('text', { array: true })
  providerNames: string[];

  @Column({ type: 'timestamptz', precision: 3 })
  createdAt: Date;

  @Column({ type: 'timestamptz', precision: 3 })
  updatedAt: Date;

  @Column({ type: 'text', collation: 'C' })
  haystack: string;

  @Column('tsvector')
  head: string;

  @Column('tsvector')
  body: string;
}
