import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { BaseRepository } from '../../platform/database/base.repository.js';
import type { Artifact } from '../domain/artifact.js';
import type { ObjectCount, SourceCount } from '../domain/storage-migration.js';
import { ArtifactReferencesRepository } from './artifact-references.repository.js';
import { ArtifactEntity } from './artifact.entity.js';

/** An object that is to be moved or verified. */
export type MovableObject = Pick<Artifact, 'id' | 'storage' | 'key' | 'digest' | 'sizeBytes'>;

const COLUMNS = `a.id, a.storage, a.key, a.digest, a.size_bytes::float8 AS "sizeBytes"`;
const COUNT = `count(*)::float8 AS objects, coalesce(sum(a.size_bytes), 0)::float8 AS bytes`;

/** Which objects a migration is about. Only what something refers to is moved; the rest belongs to the sweep. */
@Injectable()
export class StorageMigrationObjectsRepository extends BaseRepository<ArtifactEntity> {
  constructor(
    dataSource: DataSource,
    private readonly references: ArtifactReferencesRepository,
  ) {
    super(ArtifactEntity, dataSource);
  }

  /** Objects to move whose key is above `after` and whose time to be tried has come, in the order of their keys. */
  async due(migrationId: string, source: string, after: string, limit: number): Promise<MovableObject[]> {
    return this.manager.query(
      `SELECT ${COLUMNS} FROM artifacts a
       WHERE a.storage = $2 AND a.state = 'committed' AND a.key > $3 AND ${await this.isUsed()}
         AND NOT EXISTS (SELECT 1 FROM storage_migration_failures f
           WHERE f.migration_id = $1 AND f.key = a.key AND coalesce(f.next_attempt_at > now(), true))
       ORDER BY a.key LIMIT $4`,
      [migrationId, source, after, limit],
    );
  }

  /** Committed objects of a storage whose key is above `after`, in the order of their keys. */
  committed(storage: string, after: string, limit: number): Promise<MovableObject[]> {
    return this.manager.query(
      `SELECT ${COLUMNS} FROM artifacts a
       WHERE a.storage = $1 AND a.state = 'committed' AND a.key > $2 ORDER BY a.key LIMIT $3`,
      [storage, after, limit],
    );
  }

  /** Whether the object is still committed in its storage. */
  async isCommitted(id: string): Promise<boolean> {
    return this.repository.existsBy({ id, state: 'committed' });
  }

  /** The same bytes elsewhere: in another storage, or under another name. */
  copiesOf({ id, digest, sizeBytes }: MovableObject): Promise<MovableObject[]> {
    return this.manager.query(
      `SELECT ${COLUMNS} FROM artifacts a WHERE a.digest = $1 AND a.id <> $2 AND a.size_bytes = $3
       ORDER BY a.state = 'committed' DESC, a.committed_at DESC NULLS LAST, a.storage`,
      [digest, id, sizeBytes],
    );
  }

  /** What is in use in a storage. */
  async countUsed(storage: string): Promise<ObjectCount> {
    const [row] = await this.manager.query<ObjectCount[]>(
      `SELECT ${COUNT} FROM artifacts a
       WHERE a.storage = $1 AND a.state = 'committed' AND ${await this.isUsed()}`,
      [storage],
    );
    return row!;
  }

  /** Objects in use in `source` whose bytes are in `target` as well. */
  async countInBoth(source: string, target: string): Promise<ObjectCount> {
    const [row] = await this.manager.query<ObjectCount[]>(
      `SELECT ${COUNT} FROM artifacts a
       JOIN artifacts b ON b.storage = $2 AND b.key = a.key AND b.state = 'committed'
       WHERE a.storage = $1 AND a.state = 'committed' AND ${await this.isUsed()}`,
      [source, target],
    );
    return row!;
  }

  /** Everything that a storage still has rows for. */
  async countRows(storage: string): Promise<SourceCount> {
    const used = await this.countUsed(storage);
    const [all] = await this.manager.query<ObjectCount[]>(
      `SELECT ${COUNT} FROM artifacts a WHERE a.storage = $1`,
      [storage],
    );
    const { objects, bytes } = all!;
    return { used, leftToSweep: { objects: objects - used.objects, bytes: bytes - used.bytes } };
  }

  private isUsed(): Promise<string> {
    return this.references.isReferenced('a');
  }
}
