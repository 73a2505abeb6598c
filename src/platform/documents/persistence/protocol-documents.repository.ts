import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { BaseRepository } from '../../database/base.repository.js';
import { poolOf } from '../../database/data-source.js';
import { isReadTimeout } from '../../database/in-turn.js';
import { mapDatabaseError } from '../../database/pg-errors.js';
import { DatabaseUnavailable } from '../../database/database.errors.js';
import { GENERATIONS_CHANNEL, type StoredDocument, type SubjectGeneration } from '../stored-document.js';
import { ProtocolDocumentEntity } from './protocol-document.entity.js';

const DOCUMENTS_PER_STATEMENT = 500;

/** Protocol reads are short or fail: a client waits ten seconds at most, and tries again. */
const READ_TIMEOUT_MS = 1_000;

const FIND = {
  name: 'protocol_document_by_path',
  text: `SELECT d.path, d.subject, g.generation, d.namespace, d.scope, d.visibility, d.status, d.etag, d.body, d.download,
      d.artifact_keys AS "artifactKeys",
      CASE WHEN cardinality(d.artifact_keys) > 0 THEN artifact_storages(d.artifact_keys) END AS storages
    FROM protocol_documents d JOIN document_generations g ON g.subject = d.subject WHERE d.path = $1`,
};

const RAISE_GENERATION = `
  INSERT INTO document_generations (subject, generation, updated_at) VALUES ($1, 1, clock_timestamp())
  ON CONFLICT (subject) DO UPDATE
    SET generation = document_generations.generation + 1, updated_at = clock_timestamp()
  RETURNING generation`;

const RAISE_GENERATIONS = `
  INSERT INTO document_generations (subject, generation, updated_at)
  SELECT subject, 1, clock_timestamp() FROM protocol_documents
  WHERE namespace = ANY($1) AND scope = $2 AND visibility IS DISTINCT FROM $3
  GROUP BY subject ORDER BY subject
  ON CONFLICT (subject) DO UPDATE
    SET generation = document_generations.generation + 1, updated_at = clock_timestamp()
  RETURNING subject, generation, pg_notify('${GENERATIONS_CHANNEL}', generation || ' ' || subject)`;

const STORE = `
  INSERT INTO protocol_documents
    (path, subject, generation, namespace, scope, visibility, status, etag, body, download, artifact_keys)
  SELECT path, subject, generation, namespace, scope, visibility, status, etag, body, download,
    string_to_array(keys, E'\\n')
  FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::smallint[],
    $8::text[], $9::text[], $10::jsonb[], $11::text[])
    AS d (path, subject, generation, namespace, scope, visibility, status, etag, body, download, keys)
  ON CONFLICT (path) DO UPDATE SET
    subject = excluded.subject, generation = excluded.generation, namespace = excluded.namespace,
    scope = excluded.scope, visibility = excluded.visibility, status = excluded.status, etag = excluded.etag,
    body = excluded.body, download = excluded.download, artifact_keys = excluded.artifact_keys
  WHERE (protocol_documents.subject, protocol_documents.namespace, protocol_documents.scope,
      protocol_documents.visibility, protocol_documents.etag, protocol_documents.download)
    IS DISTINCT FROM (excluded.subject, excluded.namespace, excluded.scope, excluded.visibility, excluded.etag,
      excluded.download)
  RETURNING path`;

/** Protocol documents and the generations of their subjects. All but `find` join the ambient transaction. */
@Injectable()
export class ProtocolDocumentsRepository extends BaseRepository<ProtocolDocumentEntity> {
  constructor(dataSource: DataSource) {
    super(ProtocolDocumentEntity, dataSource);
  }

  /**
   * The document of a path with the present generation of its subject: one prepared statement, outside of any
   * transaction.
   *
   * @throws DatabaseUnavailable
   */
  async find(path: string): Promise<StoredDocument | undefined> {
    try {
      const query = { ...FIND, values: [path], query_timeout: READ_TIMEOUT_MS };
      const { rows } = await poolOf(this.dataSource).query<StoredDocument & { generation: string }>(query);
      return rows[0] && { ...rows[0], generation: Number(rows[0].generation) };
    } catch (error) {
      throw isReadTimeout(error)
        ? new DatabaseUnavailable(undefined, { cause: error })
        : mapDatabaseError(error);
    }
  }

  /** Those of the paths that have a document. */
  async existing(paths: readonly string[]): Promise<ReadonlySet<string>> {
    const rows = await this.query<{ path: string }>(
      'SELECT path FROM protocol_documents WHERE path = ANY($1::text[])',
      [paths],
    );
    return new Set(rows.map(({ path }) => path));
  }

  /** Raises the generation of a subject by one. Its row stays locked until the transaction ends. */
  async raiseGeneration(subject: string): Promise<number> {
    const rows = await this.query<{ generation: string }>(RAISE_GENERATION, [subject]);
    return Number(rows[0]?.generation);
  }

  /**
   * Changes who may read the documents of namespaces. The generations of their subjects rise, and the other
   * processes are told with the commit. Returns the new generations.
   */
  async changeVisibility(
    namespaces: readonly string[],
    scope: StoredDocument['scope'],
    visibility: StoredDocument['visibility'],
  ): Promise<SubjectGeneration[]> {
    const values = [namespaces, scope, visibility];
    const rows = await this.query<{ subject: string; generation: string }>(RAISE_GENERATIONS, values);
    await this.query(
      `UPDATE protocol_documents d SET visibility = $3, generation = g.generation
       FROM document_generations g
       WHERE g.subject = d.subject AND d.namespace = ANY($1) AND d.scope = $2 AND d.visibility IS DISTINCT FROM $3`,
      values,
    );
    return rows.map(({ subject, generation }) => ({ subject, generation: Number(generation) }));
  }

  /** Stores documents; returns the paths of those that are new or different. */
  async store(documents: readonly StoredDocument[]): Promise<string[]> {
    const changed: string[] = [];
    for (let first = 0; first < documents.length; first += DOCUMENTS_PER_STATEMENT) {
      const some = documents.slice(first, first + DOCUMENTS_PER_STATEMENT);
      const rows = await this.query<{ path: string }>(STORE, [
        some.map((document) => document.path),
        some.map((document) => document.subject),
        some.map((document) => document.generation),
        some.map((document) => document.namespace),
        some.map((document) => document.scope),
        some.map((document) => document.visibility),
        some.map((document) => document.status),
        some.map((document) => document.etag),
        some.map((document) => document.body),
        some.map((document) => document.download && JSON.stringify(document.download)),
        // An object key holds no line break: `isObjectPath` refuses control characters.
        some.map((document) => document.artifactKeys.join('\n')),
      ]);
      changed.push(...rows.map((row) => row.path));
    }
    return changed;
  }

  /** Deletes documents of a subject: those named, or all but those named. Returns the paths that had one. */
  async remove(subject: string, which: { paths: string[] } | { except: string[] }): Promise<string[]> {
    const [condition, paths] =
      'paths' in which ? ['path = ANY($2)', which.paths] : ['NOT (path = ANY($2))', which.except];
    const rows = await this.query<{ path: string }>(
      `WITH gone AS (DELETE FROM protocol_documents WHERE subject = $1 AND ${condition} RETURNING path)
       SELECT path FROM gone`,
      [subject, paths],
    );
    return rows.map((row) => row.path);
  }

  private query<Row>(text: string, values: unknown[]): Promise<Row[]> {
    return this.manager.query(text, values) as Promise<Row[]>;
  }
}
