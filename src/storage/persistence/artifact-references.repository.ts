import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { BaseRepository } from '../../platform/database/base.repository.js';
import type { ArtifactReference } from '../domain/artifact.js';
import { ArtifactEntity } from './artifact.entity.js';

/** Who refers to artifacts, read from the foreign keys of the schema: storage knows no other feature. */
@Injectable()
export class ArtifactReferencesRepository extends BaseRepository<ArtifactEntity> {
  constructor(dataSource: DataSource) {
    super(ArtifactEntity, dataSource);
  }

  /** Every column with a foreign key to `artifacts`. */
  list(): Promise<ArtifactReference[]> {
    return this.manager.query<ArtifactReference[]>(
      `SELECT c.conrelid::regclass::text AS table, quote_ident(a.attname) AS column
       FROM pg_constraint c
       JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
       WHERE c.contype = 'f' AND c.confrelid = 'artifacts'::regclass
       ORDER BY 1, 2`,
    );
  }

  /** An SQL condition that is true for rows of `artifacts` (named `alias`) that something refers to. */
  async isReferenced(alias: string): Promise<string> {
    const references = await this.list();
    const conditions = references.map(
      ({ table, column }) => `EXISTS (SELECT 1 FROM ${table} r WHERE r.${column} = ${alias}.id)`,
    );
    // A schema without a single reference would make the sweep remove everything: then nothing is unreferenced.
    return conditions.length > 0 ? `(${conditions.join(' OR ')})` : 'true';
  }

  /** Of the named columns of a table those that exist, with their types (`text`, `bytea`, …). */
  async columnsOf(table: string, names: readonly string[]): Promise<{ name: string; type: string }[]> {
    return this.manager.query<{ name: string; type: string }[]>(
      `SELECT quote_ident(attname) AS name, format_type(atttypid, NULL) AS type FROM pg_attribute
       WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped AND attname = ANY($2)`,
      [table, names],
    );
  }
}
