import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import pg from 'pg';

/** Everything that is wrong between a database and a storage directory; empty when they agree. */
export interface StorageDisagreement {
  /** Committed rows without bytes, or with other bytes than their digest. */
  danglingRows: string[];
  /** Files that no row names. */
  orphanBlobs: string[];
  /** Rows that are not committed, or that nothing refers to. */
  leftoverRows: string[];
  /** Deletions that were begun. */
  openDeletions: string[];
}

const REFERENCES = `
  SELECT c.conrelid::regclass::text AS source, a.attname AS field
    FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
   WHERE c.contype = 'f' AND c.confrelid = 'artifacts'::regclass`;

function filesBelow(directory: string): string[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

/**
 * Compares rows and blobs without any code of the product: its own look at the tables, the foreign keys and the
 * files. Agreement means that every version can be served and that nothing is kept for nobody.
 */
export async function compareStorage(databaseUrl: string, storagePath: string): Promise<StorageDisagreement> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ id: string; key: string; digest: string; state: string }>(
      'SELECT id, key, digest, state FROM artifacts',
    );
    const deletions = await client.query<{ key: string }>('SELECT key FROM artifact_deletions');
    const referenced = new Set<string>();
    for (const { source, field } of (await client.query<{ source: string; field: string }>(REFERENCES))
      .rows) {
      const found = await client.query<{ id: string }>(
        `SELECT ${field} AS id FROM ${source} WHERE ${field} IS NOT NULL`,
      );
      for (const { id } of found.rows) referenced.add(id);
    }
    const intact = (key: string, digest: string): boolean => {
      const path = join(storagePath, key);
      return existsSync(path) && createHash('sha256').update(readFileSync(path)).digest('hex') === digest;
    };
    const named = new Set(rows.map((row) => row.key));
    const blobs = filesBelow(join(storagePath, 'blobs')).map((path) =>
      relative(storagePath, path).split(sep).join('/'),
    );
    return {
      danglingRows: rows
        .filter((row) => referenced.has(row.id) && !intact(row.key, row.digest))
        .map((row) => row.key),
      orphanBlobs: blobs.filter((path) => !named.has(path)),
      leftoverRows: rows
        .filter((row) => row.state !== 'committed' || !referenced.has(row.id))
        .map((row) => row.key),
      openDeletions: deletions.rows.map((row) => row.key),
    };
  } finally {
    await client.end();
  }
}
