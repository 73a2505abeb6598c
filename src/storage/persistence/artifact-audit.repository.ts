import { Injectable } from '@nestjs/common';
import { DataSource, MoreThan } from 'typeorm';
import { BaseRepository } from '../../platform/database/base.repository.js';
import type { Artifact, ArtifactReference } from '../domain/artifact.js';
import type { Finding } from '../domain/verify-report.js';
import { ArtifactReferencesRepository } from './artifact-references.repository.js';
import { ArtifactEntity } from './artifact.entity.js';

/** Columns that repeat what the artifact says, where a table has them beside `artifact_id`. */
const REPEATED: Readonly<Record<string, string>> = {
  digest: 'a.digest',
  size_bytes: 'a.size_bytes',
  filename: `substring(a.key FROM '[^/]*$')`,
};

const DOCUMENT_COLUMN = /^(\w+)_artifact_id$/;

/** What `verify` asks the database. It changes nothing. */
@Injectable()
export class ArtifactAuditRepository extends BaseRepository<ArtifactEntity> {
  constructor(
    dataSource: DataSource,
    private readonly references: ArtifactReferencesRepository,
  ) {
    super(ArtifactEntity, dataSource);
  }

  /** The next artifacts of a storage in the order of their ids, after the id `after`. */
  page(storage: string, after: string, limit: number): Promise<Artifact[]> {
    return this.repository.find({
      where: { storage, id: MoreThan(after) },
      order: { id: 'ASC' },
      take: limit,
    });
  }

  /** The row of this id as it is now. */
  find(id: string): Promise<Artifact | null> {
    return this.repository.findOneBy({ id });
  }

  /** Of these paths, those that have neither a row nor a deletion marker. */
  async withoutRow(storage: string, paths: readonly string[]): Promise<string[]> {
    const rows = await this.manager.query<{ path: string }[]>(
      `SELECT p.path FROM unnest($2::text[]) AS p (path)
       WHERE NOT EXISTS (SELECT 1 FROM artifacts a WHERE a.storage = $1 AND a.key = p.path)
         AND NOT EXISTS (SELECT 1 FROM artifact_deletions d WHERE d.storage = $1 AND d.key = p.path)`,
      [storage, paths],
    );
    return rows.map(({ path }) => path);
  }

  /** Paths whose deletion was begun at least `ageMs` ago. */
  async deletionsOlderThan(storage: string, ageMs: number): Promise<string[]> {
    const rows = await this.manager.query<{ key: string }[]>(
      `SELECT key FROM artifact_deletions
       WHERE storage = $1 AND started_at <= now() - make_interval(secs => $2::double precision / 1000) ORDER BY key`,
      [storage, ageMs],
    );
    return rows.map(({ key }) => key);
  }

  /** How many artifacts a storage has. */
  countIn(storage: string): Promise<number> {
    return this.repository.countBy({ storage });
  }

  /** What referring rows say that does not fit their artifacts. */
  async referenceFindings(): Promise<Finding[]> {
    const findings: Finding[] = [];
    for (const reference of await this.references.list()) {
      findings.push(...(await this.notCommitted(reference)));
      findings.push(...(await this.repeatedValues(reference)));
      findings.push(...(await this.documents(reference)));
    }
    return findings;
  }

  private async notCommitted({ table, column }: ArtifactReference): Promise<Finding[]> {
    const rows = await this.manager.query<{ id: string; state: string; key: string }[]>(
      `SELECT r.id, a.state, a.key FROM ${table} r JOIN artifacts a ON a.id = r.${column}
       WHERE a.state <> 'committed' ORDER BY r.id`,
    );
    return rows.map(({ id, state, key }) => ({
      kind: 'referenced-not-committed',
      subject: `${table} ${id}`,
      detail: `${key} is ${state}`,
    }));
  }

  private async repeatedValues({ table, column }: ArtifactReference): Promise<Finding[]> {
    if (column !== 'artifact_id') return [];
    const findings: Finding[] = [];
    for (const { name } of await this.references.columnsOf(table, Object.keys(REPEATED))) {
      const rows = await this.manager.query<{ id: string; said: string; actual: string }[]>(
        `SELECT r.id, r.${name}::text AS said, (${REPEATED[name]})::text AS actual
         FROM ${table} r JOIN artifacts a ON a.id = r.artifact_id
         WHERE r.${name} IS DISTINCT FROM ${REPEATED[name]} ORDER BY r.id`,
      );
      for (const { id, said, actual } of rows) {
        const detail = `${name} is ${said}, that of the artifact ${actual}`;
        findings.push({ kind: 'reference-differs', subject: `${table} ${id}`, detail });
      }
    }
    return findings;
  }

  /** By convention a text or bytea column `x` beside `x_artifact_id` holds the bytes of that artifact. */
  private async documents({ table, column }: ArtifactReference): Promise<Finding[]> {
    const name = DOCUMENT_COLUMN.exec(column)?.[1];
    const [document] = name === undefined ? [] : await this.references.columnsOf(table, [name]);
    if (document === undefined) return [];
    const content =
      document.type === 'bytea' ? `r.${document.name}` : `convert_to(r.${document.name}::text, 'UTF8')`;
    const rows = await this.manager.query<{ id: string; key: string }[]>(
      `SELECT r.id, a.key FROM ${table} r JOIN artifacts a ON a.id = r.${column}
       WHERE encode(sha256(${content}), 'hex') <> a.digest ORDER BY r.id`,
    );
    return rows.map(({ id, key }) => ({
      kind: 'document-differs',
      subject: `${table} ${id}`,
      detail: `${document.name} is not the content of ${key}`,
    }));
  }
}
