import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { BaseRepository } from '../../platform/database/base.repository.js';
import type { ModuleName } from '../upstream/module-registry-client.js';
import { PulledModuleVersionEntity } from './pulled-module-version.entity.js';

/** Since when versions of modules are listed upstream. Joins the ambient transaction; times are those of the database. */
@Injectable()
export class PulledModuleVersionsRepository extends BaseRepository<PulledModuleVersionEntity> {
  constructor(dataSource: DataSource) {
    super(PulledModuleVersionEntity, dataSource);
  }

  /** Remembers since when versions are listed. */
  async see(
    mirrorId: string,
    { namespace, name, system }: ModuleName,
    versions: readonly string[],
  ): Promise<void> {
    // In one order: two who see the same new versions must not wait for each other.
    await this.manager.query(
      `INSERT INTO pulled_module_versions (mirror_id, namespace, name, system, version)
       SELECT m.id, $2, $3, $4, v FROM mirrors m, unnest($5::text[]) AS v
       WHERE m.id = $1 AND NOT EXISTS (SELECT FROM pulled_module_versions known
         WHERE known.mirror_id = $1 AND known.namespace = $2 AND known.name = $3 AND known.system = $4
           AND known.version = v)
       ORDER BY v ON CONFLICT ON CONSTRAINT pk_pulled_module_version DO NOTHING`,
      [mirrorId, namespace, name, system, [...new Set(versions)]],
    );
  }

  /** Since when versions are listed, by their text. */
  async firstSeen(
    mirrorId: string,
    { namespace, name, system }: ModuleName,
  ): Promise<ReadonlyMap<string, Date>> {
    const rows = await this.repository.find({
      select: { version: true, firstSeenAt: true },
      where: { mirrorId, namespace, name, system },
    });
    return new Map(rows.map(({ version, firstSeenAt }) => [version, firstSeenAt]));
  }

  /** A version was fetched and is stored in this transaction. */
  async markPulled(mirrorId: string, wanted: ModuleName & { readonly version: string }): Promise<void> {
    const { namespace, name, system, version } = wanted;
    await this.manager.query(
      `UPDATE pulled_module_versions SET pulled_at = now()
       WHERE mirror_id = $1 AND namespace = $2 AND name = $3 AND system = $4 AND version = $5`,
      [mirrorId, namespace, name, system, version],
    );
  }
}
