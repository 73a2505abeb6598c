import { Column, CreateDateColumn, Entity, PrimaryGeneratedColumn, UpdateDateColumn } from 'typeorm';
import type { User } from '../domain/user.js';

/** Table `users`. Unique by e-mail without case, and by issuer and subject of the identity provider. */
@Entity('users')
export class UserEntity implements User {
  @PrimaryGeneratedColumn('uuid', { primaryKeyConstraintName: 'pk_user' })
  id!: string;

  @Column('text')
  email!: string;

  @Column('text')
  name!: string;

  @Column('text', { nullable: true })
  oidcSub!: string | null;

  @Column('text', { nullable: true })
  oidcIssuer!: string | null;

  /** Set while setup waits for the first sign-in of its administrator: whether it made the row or found it. */
  @Column('text', { nullable: true })
  setupAdministrator!: 'created' | 'found' | null;

  @Column('boolean', { default: true })
  isActive!: boolean;

  @CreateDateColumn({ type: 'timestamptz' })
  createdAt!: Date;

  @UpdateDateColumn({ type: 'timestamptz' })
  updatedAt!: Date;
}
