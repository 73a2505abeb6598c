import { Column, CreateDateColumn, Entity, PrimaryGeneratedColumn, UpdateDateColumn } from 'typeorm';
import type { Organization, Visibility } from '../domain/organization.js';

/** Table `organizations`. At most one row is the default. */
@Entity('organizations')
export class OrganizationEntity implements Organization {
  @PrimaryGeneratedColumn('uuid', { primaryKeyConstraintName: 'pk_organization' })
  id!: string;

  @Column('text')
  name!: string;

  @Column('text')
  displayName!: string;

  @Column('text', { nullable: true })
  visibility!: Visibility;

  @Column('boolean', { default: false })
  isDefault!: boolean;

  @CreateDateColumn({ type: 'timestamptz' })
  createdAt!: Date;

  @UpdateDateColumn({ type: 'timestamptz' })
  updatedAt!: Date;
}
