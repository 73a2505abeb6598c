import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Table `audit_checkpoints`: the last entry of each chain that the retention removed. */
@Entity('audit_checkpoints')
export class AuditCheckpointEntity {
  @PrimaryColumn('text', { primaryKeyConstraintName: 'pk_audit_checkpoint' })
  chain!: string;

  @Column('bigint', { transformer: { to: (value: number) => value, from: Number } })
  chainSeq!: number;

  @Column('text')
  hash!: string;

  @Column('timestamptz', { default: () => 'now()' })
  createdAt!: Date;
}
