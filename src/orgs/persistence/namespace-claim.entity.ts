import { Column, CreateDateColumn, Entity, PrimaryGeneratedColumn } from 'typeorm';

/** Table `namespace_claims`. Unique by the folded name; a claim outlives its organization. */
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

  @CreateDateColumn({ type: 'timestamptz' })
  createdAt!: Date;
}
