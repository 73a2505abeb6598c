import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Table `upstream_answers`: one row for each question that was asked for a client, with its answer or who asks. */
@Entity('upstream_answers')
export class UpstreamAnswerEntity {
  @PrimaryColumn('text', { primaryKeyConstraintName: 'pk_upstream_answer', collation: 'C' })
  question: string;

  @Column('bigint', { default: 1 })
  leaseToken: string;

  @Column('timestamptz', { nullable: true })
  leaseUntil: Date | null;

  @Column('jsonb', { nullable: true })
  answer: unknown;

  @Column('timestamptz', { nullable: true })
  expiresAt: Date | null;
}
