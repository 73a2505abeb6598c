import { Column, CreateDateColumn, Entity, Index, PrimaryGeneratedColumn, UpdateDateColumn } from 'typeorm';
import type { BackendType } from '../domain/backend-settings.js';

/** Table `storage_configurations`: storage backends that an administrator entered. */
@Entity('storage_configurations')
@Index('uq_storage_configuration_active', ['isActive'], { unique: true, where: 'is_active' })
export class StorageConfigurationEntity {
  @PrimaryGeneratedColumn('uuid', { primaryKeyConstraintName: 'pk_storage_configuration' })
  id!: string;

  @Column('text')
  backendType!: BackendType;

  /** The settings without type and secrets, by the names of `BackendSettings`. */
  @Column('jsonb')
  settings!: Record<string, unknown>;

  /** The secrets as a sealed JSON object; null without any. */
  @Column('bytea', { nullable: true })
  secretsBox!: Buffer | null;

  @Column('boolean', { default: false })
  isActive!: boolean;

  @Column('uuid', { nullable: true })
  createdBy!: string | null;

  @CreateDateColumn({ type: 'timestamptz' })
  createdAt!: Date;

  @UpdateDateColumn({ type: 'timestamptz' })
  updatedAt!: Date;
}
