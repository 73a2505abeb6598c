import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { BaseRepository } from '../../platform/database/base.repository.js';
import { UpstreamAnswerEntity } from './upstream-answer.entity.js';

/** Where a question stands. */
export type QuestionState =
  | { readonly kind: 'answered'; readonly answer: unknown }
  /** The caller asks, and nobody else does until its lease ends. */
  | { readonly kind: 'taken'; readonly token: string }
  | { readonly kind: 'asked-elsewhere' };

/** Questions to upstreams, shared by all processes; times are those of the database. */
@Injectable()
export class UpstreamAnswersRepository extends BaseRepository<UpstreamAnswerEntity> {
  constructor(dataSource: DataSource) {
    super(UpstreamAnswerEntity, dataSource);
  }

  /** The answer that is known, or the right to ask for `leaseMs` milliseconds, or that somebody else has it. */
  async take(question: string, leaseMs: number): Promise<QuestionState> {
    const [taken] = (await this.manager.query(
      `INSERT INTO upstream_answers AS known (question, lease_until)
       VALUES ($1, now() + $2 * interval '1 millisecond')
       ON CONFLICT (question) DO UPDATE
         SET lease_token = known.lease_token + 1, lease_until = excluded.lease_until, answer = NULL, expires_at = NULL
         WHERE coalesce(known.expires_at, '-infinity') <= now() AND coalesce(known.lease_until, '-infinity') <= now()
       RETURNING lease_token AS token`,
      [question, leaseMs],
    )) as { token: string }[];
    if (taken !== undefined) return { kind: 'taken', token: taken.token };
    const [known] = (await this.manager.query(
      `SELECT answer FROM upstream_answers WHERE question = $1 AND expires_at > now()`,
      [question],
    )) as { answer: unknown }[];
    return known === undefined ? { kind: 'asked-elsewhere' } : { kind: 'answered', answer: known.answer };
  }

  /** Keeps the right to ask; `false`: somebody else has it now. */
  async renew(question: string, token: string, leaseMs: number): Promise<boolean> {
    const rows = (await this.manager.query(
      `WITH renewed AS (
         UPDATE upstream_answers SET lease_until = now() + $3 * interval '1 millisecond'
         WHERE question = $1 AND lease_token = $2 AND lease_until IS NOT NULL RETURNING 1)
       SELECT 1 FROM renewed`,
      [question, token, leaseMs],
    )) as unknown[];
    return rows.length > 0;
  }

  /** Stores the answer for `lifeMs` milliseconds and ends the lease; `false`: the right to ask was lost. */
  async answer(question: string, token: string, answer: unknown, lifeMs: number): Promise<boolean> {
    const rows = (await this.manager.query(
      `WITH answered AS (
         UPDATE upstream_answers
         SET answer = $3::jsonb, expires_at = now() + $4 * interval '1 millisecond', lease_until = NULL
         WHERE question = $1 AND lease_token = $2 AND lease_until IS NOT NULL RETURNING 1)
       SELECT 1 FROM answered`,
      [question, token, JSON.stringify(answer), lifeMs],
    )) as unknown[];
    return rows.length > 0;
  }

  /** Ends the lease without an answer, so that the next one asks at once. */
  async giveUp(question: string, token: string): Promise<void> {
    await this.manager.query(
      `UPDATE upstream_answers SET lease_until = NULL WHERE question = $1 AND lease_token = $2`,
      [question, token],
    );
  }

  /** Forgets what begins with `prefix`. */
  async forget(prefix: string): Promise<void> {
    await this.manager.query(`DELETE FROM upstream_answers WHERE starts_with(question, $1)`, [prefix]);
  }

  /** Removes what nobody needs any more: at most `limit` rows. */
  async prune(limit: number): Promise<number> {
    const rows = (await this.manager.query(
      `WITH old AS (
         SELECT question FROM upstream_answers
         WHERE coalesce(expires_at, '-infinity') < now() - interval '1 hour'
           AND coalesce(lease_until, '-infinity') < now() - interval '1 hour' LIMIT $1),
       gone AS (DELETE FROM upstream_answers a USING old WHERE a.question = old.question RETURNING 1)
       SELECT 1 FROM gone`,
      [limit],
    )) as unknown[];
    return rows.length;
  }
}
