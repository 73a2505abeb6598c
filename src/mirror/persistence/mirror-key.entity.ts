import { Column, CreateDateColumn, Entity, PrimaryGeneratedColumn } from 'typeorm';
import type { MirrorKey } from '../domain/mirror-key.js';

/** Table `mirror_keys`: keys that signed what a mirror met, or were pinned for it. */
@Entity('mirror_keys')
export class MirrorKeyEntity implements MirrorKey {
  @PrimaryGeneratedColumn('uuid', { primaryKeyConstraintName: 'pk_mirror_key' })
  id!: string;

  @Column('uuid')
  mirrorId!: string;

  @Column('text')
  namespace!: string;

  @Column('text')
  fingerprint!: string;

  @Column('text')
  armor!: string;

  @Column('text')
  state!: MirrorKey['state'];

  @Column('text')
  source!: MirrorKey['source'];

  @Column('uuid', { nullable: true })
  decidedBy!: string | null;

  @Column('text', { nullable: true })
  decidedByName!: string | null;

  @Column('timestamptz', { nullable: true })
  decidedAt!: Date | null;

  @CreateDateColumn({ type: 'timestamptz' })
  firstSeenAt!: Date;
}
