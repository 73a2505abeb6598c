import { Column, Entity, Index, PrimaryGeneratedColumn } from 'typeorm';

/** Table `storage_epochs`: the objects below `epoch/` that this database put into a storage. */
@Entity('storage_epochs')
@Index('ix_storage_epoch', ['storage', 'beganAt'])
export class StorageEpochEntity {
  @PrimaryGeneratedColumn('uuid', { primaryKeyConstraintName: 'pk_storage_epoch' })
  id!: string;

  @Column('text')
  storage!: string;

  @Column('timestamptz', { default: () => 'now()' })
  beganAt!: Date;
}
