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

/** The directories of all local storages by the names in the rows; what is stored elsewhere is not looked at. */
async function directories(client: pg.Client, storagePath: string): Promise<Map<string, string>> {
  const { rows } = await client.query<{ id: string; path: string }>(
    `SELECT id, settings ->> 'basePath' AS path FROM storage_configurations WHERE backend_type = 'local'`,
  );
  return new Map([['local', storagePath], ...rows.map(({ id, path }) => [id, path] as const)]);
}

/**
 * Compares rows and blobs without any code of the product: its own look at the tables, the foreign keys and the
 * files. Agreement means that every version can be served and that nothing is kept for nobody. `storagePath` is the
 * directory that the settings name; those of stored configurations are found in their table.
 */
export async function compareStorage(databaseUrl: string, storagePath: string): Promise<StorageDisagreement> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const roots = await directories(client, storagePath);
    const { rows: all } = await client.query<{
      id: string;
      storage: string;
      key: string;
      digest: string;
      state: string;
    }>('SELECT id, storage, key, digest, state FROM artifacts');
    const rows = all.filter(({ storage }) => roots.has(storage));
    const deletions = await client.query<{ key: string }>('SELECT key FROM artifact_deletions');
    const referenced = new Set<string>();
    for (const { source, field } of (await client.query<{ source: string; field: string }>(REFERENCES))
      .rows) {
      const found = await client.query<{ id: string }>(
        `SELECT ${field} AS id FROM ${source} WHERE ${field} IS NOT NULL`,
      );
      for (const { id } of found.rows) referenced.add(id);
    }
    const intact = ({ storage, key, digest }: { storage: string; key: string; digest: string }): boolean => {
      const path = join(roots.get(storage)!, key);
      return existsSync(path) && createHash('sha256').update(readFileSync(path)).digest('hex') === digest;
    };
    const orphans = [...roots].flatMap(([storage, root]) => {
      const named = new Set(rows.flatMap((row) => (row.storage === storage ? [row.key] : [])));
      const blobs = filesBelow(join(root, 'blobs')).map((path) => relative(root, path).split(sep).join('/'));
      return blobs.filter((path) => !named.has(path));
    });
    return {
      danglingRows: rows.filter((row) => referenced.has(row.id) && !intact(row)).map((row) => row.key),
      orphanBlobs: orphans,
      leftoverRows: rows
        .filter((row) => row.state !== 'committed' || !referenced.has(row.id))
        .map((row) => row.key),
      openDeletions: deletions.rows.map((row) => row.key),
    };
  } finally {
    await client.end();
  }
}
