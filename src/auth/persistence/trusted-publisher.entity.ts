import { Column, CreateDateColumn, Entity, PrimaryGeneratedColumn } from 'typeorm';
import type { Scope } from '../../access/scope.js';
import type { FixedClaims, SubjectKind } from '../domain/publisher-claims.js';

/** Table `trusted_publishers`: pipelines that may publish for an organization, with which they end. */
@Entity('trusted_publishers')
export class TrustedPublisherEntity {
  @PrimaryGeneratedColumn('uuid', { primaryKeyConstraintName: 'pk_trusted_publisher' })
  id!: string;

  @Column('uuid')
  organizationId!: string;

  /** Exactly as the tokens carry it. */
  @Column('text')
  issuer!: string;

  @Column('text')
  subjectKind!: SubjectKind;

  @Column('jsonb')
  claims!: FixedClaims;

  @Column('text', { array: true })
  scopes!: Scope[];

  @CreateDateColumn({ type: 'timestamptz' })
  createdAt!: Date;
}
