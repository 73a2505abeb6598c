import { Column, CreateDateColumn } from 'typeorm';
import type { VersionLife, VersionState, WithdrawMode } from '../../kernel/terraform/version-life.js';

/** What SQL sets `quarantined_at` to when a version is deleted: a tombstone stays quarantined. */
export const STAYS_QUARANTINED = `CASE state WHEN 'quarantined' THEN coalesce(quarantined_at, now()) ELSE quarantined_at END`;

/** The columns that versions of modules and of providers have in common. */
export abstract class VersionLifeColumns implements VersionLife {
  @Column('text')
  state: VersionState;

  @Column('text', { nullable: true })
  stateReason: string | null;

  @Column('text', { nullable: true })
  withdrawMode: WithdrawMode | null;

  @Column('text', { nullable: true })
  withdrawReason: string | null;

  @Column('timestamptz', { nullable: true })
  quarantinedAt: Date | null;

  @Column('uuid', { nullable: true })
  publishedBy: string | null;

  @Column('text', { nullable: true })
  publishedByName: string | null;

  @Column('timestamptz', { default: () => 'now()' })
  publishedAt: Date;

  @Column('timestamptz', { nullable: true })
  deprecatedAt: Date | null;

  @Column('text', { nullable: true })
  deprecationMessage: string | null;

  @Column('text', { nullable: true })
  replacement: string | null;

  @Column('timestamptz', { nullable: true })
  deletedAt: Date | null;

  @Column('text', { nullable: true })
  deletedByName: string | null;

  @CreateDateColumn({ type: 'timestamptz' })
  createdAt: Date;
}
