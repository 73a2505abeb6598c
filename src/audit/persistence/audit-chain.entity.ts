import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Table `audit_chains`: the end of each chain. Its row is the lock under which the chain grows. */
@Entity('audit_chains')
export class AuditChainEntity {
  @PrimaryColumn('text', { primaryKeyConstraintName: 'pk_audit_chain' })
  chain!: string;

  @Column('bigint', { transformer: { to: (value: number) => value, from: Number } })
  lastSeq!: number;

  @Column('text')
  lastHash!: string;
}
