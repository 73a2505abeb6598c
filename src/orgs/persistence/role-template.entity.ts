import { Column, CreateDateColumn, Entity, PrimaryGeneratedColumn, UpdateDateColumn } from 'typeorm';
import type { Scope } from '../../access/scope.js';

/** Table `role_templates`: named sets of scopes. System templates are made by the migration. */
@Entity('role_templates')
export class RoleTemplateEntity {
  @PrimaryGeneratedColumn('uuid', { primaryKeyConstraintName: 'pk_role_template' })
  id!: string;

  @Column('text')
  name!: string;

  @Column('text')
  displayName!: string;

  @Column('text', { nullable: true })
  description!: string | null;

  @Column('text', { array: true })
  scopes!: Scope[];

  @Column('boolean', { default: false })
  isSystem!: boolean;

  @CreateDateColumn({ type: 'timestamptz' })
  createdAt!: Date;

  @UpdateDateColumn({ type: 'timestamptz' })
  updatedAt!: Date;
}
