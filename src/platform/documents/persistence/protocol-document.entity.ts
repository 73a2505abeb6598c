import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { Scope } from '../../../access/scope.js';
import type { DocumentDownload } from '../prepared-document.js';
import type { StoredDocument } from '../stored-document.js';

/** Table `protocol_documents`: lean protocol answers by request path, links as object keys. */
@Entity('protocol_documents')
@Index('ix_protocol_document_subject', ['subject'])
@Index('ix_protocol_document_namespace', ['namespace'])
export class ProtocolDocumentEntity implements StoredDocument {
  @PrimaryColumn('text', { primaryKeyConstraintName: 'pk_protocol_document' })
  path!: string;

  @Column('text')
  subject!: string;

  /** The generation of the subject that wrote this row; the subject itself may be further. */
  @Column('bigint', { transformer: { to: (value: number) => value, from: Number } })
  generation!: number;

  @Column('text')
  namespace!: string;

  @Column('text')
  scope!: Scope;

  @Column('text', { nullable: true })
  visibility!: 'private' | 'public' | null;

  @Column('smallint')
  status!: 200 | 204;

  @Column('text')
  etag!: string;

  @Column('text')
  body!: string;

  @Column('jsonb', { nullable: true })
  download!: DocumentDownload | null;

  @Column('text', { array: true, default: () => `'{}'` })
  artifactKeys!: string[];
}
