import { Column, CreateDateColumn, Entity, PrimaryColumn } from 'typeorm';

/** Table `local_credentials`: the password of a user, as a slow hash, and what was tried against it. */
@Entity('local_credentials')
export class LocalCredentialEntity {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'pk_local_credential' })
  userId!: string;

  @Column('text', { select: false })
  passwordHash!: string;

  @Column('boolean')
  mustChange!: boolean;

  /** Wrong passwords in a row. */
  @Column('integer', { default: 0 })
  failures!: number;

  @Column('timestamptz', { nullable: true })
  lockedUntil!: Date | null;

  @Column('timestamptz', { default: () => 'now()' })
  changedAt!: Date;

  @CreateDateColumn({ type: 'timestamptz' })
  createdAt!: Date;
}
