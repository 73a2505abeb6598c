import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { BaseRepository } from '../../platform/database/base.repository.js';
import { QuarantinedArtifactEntity } from './quarantined-artifact.entity.js';

/** A fixed number, so that a change of thousands of objects does not fill the lock table of the server. */
const LOCKS = 64;
/** Apart from the other advisory locks. */
const LOCK_CLASS = 7_326;

/** Which objects are quarantined, by their keys: an object that moves to another storage stays so. */
@Injectable()
export class QuarantinedArtifactsRepository extends BaseRepository<QuarantinedArtifactEntity> {
  constructor(dataSource: DataSource) {
    super(QuarantinedArtifactEntity, dataSource);
  }

  /** Until the transaction ends nobody else decides about these; always in the same order. */
  async lock(names: readonly string[]): Promise<void> {
    await this.manager.query(
      `SELECT pg_advisory_xact_lock($2, n) FROM (
         SELECT DISTINCT abs(hashtext(name) % $3) AS n FROM unnest($1::text[]) AS name ORDER BY n) AS locks`,
      [names, LOCK_CLASS, LOCKS],
    );
  }

  /** Adds keys; returns how many were not there. */
  async add(keys: readonly string[]): Promise<number> {
    const rows = await this.manager.query<unknown[]>(
      `INSERT INTO quarantined_artifacts (key) SELECT unnest($1::text[]) ON CONFLICT DO NOTHING RETURNING key`,
      [keys],
    );
    return rows.length;
  }

  /** Removes keys; returns how many were there. */
  async remove(keys: readonly string[]): Promise<number> {
    const [, removed] = await this.manager.query<[unknown, number]>(
      `DELETE FROM quarantined_artifacts WHERE key = ANY($1::text[])`,
      [keys],
    );
    return removed;
  }

  /** Up to `limit` keys. */
  async keys(limit: number): Promise<string[]> {
    const rows = await this.manager.query<{ key: string }[]>(
      `SELECT key FROM quarantined_artifacts LIMIT $1`,
      [limit],
    );
    return rows.map(({ key }) => key);
  }

  /** Whether this key is there. */
  has(key: string): Promise<boolean> {
    return this.repository.existsBy({ key });
  }
}
