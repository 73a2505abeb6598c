import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { BaseRepository } from '../../platform/database/base.repository.js';
import { ArtifactReferencesRepository } from './artifact-references.repository.js';
import { ArtifactEntity } from './artifact.entity.js';

/** Below the second after which PostgreSQL looks for deadlocks: a publisher never loses against a migration. */
const LOCK_TIMEOUT = '500ms';

/** A process that stands still in the middle of the transaction does not keep its locks. */
const IDLE_TIMEOUT = '2s';

/** The statements of the transaction in which everything that refers to one artifact turns to another one. */
@Injectable()
export class StorageMigrationSwitchRepository extends BaseRepository<ArtifactEntity> {
  constructor(
    dataSource: DataSource,
    private readonly references: ArtifactReferencesRepository,
  ) {
    super(ArtifactEntity, dataSource);
  }

  /**
   * Locks a committed artifact: nothing can refer to it anew before the transaction ends. `false` when it is not
   * committed any more. From here on the transaction waits for no lock for long: it must be the one that gives up
   * when a publisher locks the same rows in another order.
   */
  async lockCommitted(id: string): Promise<boolean> {
    await this.manager.query(
      `SELECT set_config('lock_timeout', $1, true), set_config('idle_in_transaction_session_timeout', $2, true)`,
      [LOCK_TIMEOUT, IDLE_TIMEOUT],
    );
    const rows = await this.manager.query<{ state: string }[]>(
      'SELECT state FROM artifacts WHERE id = $1 FOR UPDATE',
      [id],
    );
    return rows[0]?.state === 'committed';
  }

  /** Turns every reference from one artifact to another. Answers how many there were. */
  async repoint(fromId: string, toId: string): Promise<number> {
    let moved = 0;
    for (const { table, column } of await this.references.list()) {
      const [, changed] = await this.manager.query<[unknown, number]>(
        `UPDATE ${table} SET ${column} = $2 WHERE ${column} = $1`,
        [fromId, toId],
      );
      moved += changed;
    }
    return moved;
  }

  /**
   * What is known about an artifact when another one takes its place: the bytes were just found to be right, if they
   * were read, and what they fail to prove they fail to prove there too. Answers whether the former one was damaged.
   */
  async inheritJudgement(fromId: string, toId: string, isVerified: boolean): Promise<boolean> {
    const [rows] = await this.manager.query<[{ wasDamaged: boolean }[], number]>(
      `UPDATE artifacts b SET
         verified_at = CASE WHEN $3 THEN now() ELSE b.verified_at END, unread_since = NULL,
         damaged_at = CASE WHEN a.damage = 'failed-check' THEN a.damaged_at END,
         damage = CASE WHEN a.damage = 'failed-check' THEN a.damage END,
         repair_tried_at = NULL, repair_result = NULL
       FROM artifacts a WHERE a.id = $1 AND b.id = $2 RETURNING a.damage IS NOT NULL AS "wasDamaged"`,
      [fromId, toId, isVerified],
    );
    return rows[0]?.wasDamaged === true;
  }

  /** Leaves an artifact to the sweep, which removes its bytes after the grace: links that name them keep working. */
  async doom(id: string): Promise<void> {
    await this.manager.query(`UPDATE artifacts SET state = 'doomed', doomed_at = now() WHERE id = $1`, [id]);
  }
}
