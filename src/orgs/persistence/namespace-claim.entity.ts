import { Column, CreateDateColumn, Entity, PrimaryGeneratedColumn } from 'typeorm';

/**
 * Table `namespace_claims`. Unique by the folded name; a claim outlives its organization. Those of mirrored providers
 * are named `host/namespace/type`.
 */
@Entity('namespace_claims')
export class NamespaceClaimEntity {
  @PrimaryGeneratedColumn('uuid', { primaryKeyConstraintName: 'pk_namespace_claim' })
  id!: string;

  @Column('text')
  name!: string;

  @Column('text')
  foldedName!: string;

  @Column('uuid', { nullable: true })
  organizationId!: string | null;

  /** `namespace/type` of a mirrored provider. */
  @Column({ type: 'text', collation: 'C', nullable: true })
  mirroredAddress!: string | null;

  @Column('boolean', { default: false })
  isShared!: boolean;

  /** The host of the upstream whose modules are fetched into the namespace; then nobody publishes there. */
  @Column({ type: 'text', collation: 'C', nullable: true })
  pulledFrom!: string | null;

  /** For a mirrored provider: when its mirror was made. */
  @CreateDateColumn({ type: 'timestamptz' })
  createdAt!: Date;
}
