import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Table `audit_shipper_positions`: the last entry of each chain that a shipper has delivered. */
@Entity('audit_shipper_positions')
export class AuditShipperPositionEntity {
  @PrimaryColumn('text', { primaryKeyConstraintName: 'pk_audit_shipper_position' })
  shipper!: string;

  @PrimaryColumn('text', { primaryKeyConstraintName: 'pk_audit_shipper_position' })
  chain!: string;

  @Column('bigint', { transformer: { to: (value: number) => value, from: Number } })
  chainSeq!: number;

  @Column('timestamptz', { default: () => 'now()' })
  updatedAt!: Date;
}
