import { execFile } from 'node:child_process';
import { readdir, readFile, stat } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import { configPrint } from '../../../../src/config/config-commands.js';
import { request } from '../../../support/http-request.js';
import type { TestApp } from '../../../support/test-app.js';
import type { Needle } from './canaries.js';

const run = promisify(execFile);

/** The kinds of place that are searched. */
export const KINDS = [
  'rows',
  'database files',
  'write-ahead log',
  'log lines',
  'metrics',
  'answers',
  'audit export',
  'shipped records',
  'mail',
  'files',
  'config print',
] as const;

export type PlaceKind = (typeof KINDS)[number];

/** A text in which no secret may stand, except those of the classes that it hands out. */
export interface Place {
  readonly kind: PlaceKind;
  readonly name: string;
  readonly text: string;
  readonly mayHold?: readonly string[] | undefined;
}

/** Every row of every table of the database; bytes as hex, as text and in base64. */
export async function rowsOf(app: TestApp): Promise<Place[]> {
  const tables = await app.query<{ name: string }>(
    `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
     WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1`,
  );
  const places: Place[] = [];
  for (const { name } of tables) {
    const rows = await app.query<Record<string, unknown>>(`SELECT * FROM ${name}`);
    const texts = rows.map((row) => textOf(row));
    places.push({ kind: 'rows', name: `${name} (${rows.length})`, text: texts.join('\n') });
  }
  return places;
}

function textOf(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (Buffer.isBuffer(value)) {
    return `${value.toString('hex')} ${value.toString('latin1')} ${value.toString('base64')}`;
  }
  if (typeof value !== 'object' || value instanceof Date) return String(value);
  return Object.entries(value)
    .map(([name, one]) => `${name}=${textOf(one)}`)
    .join('\n');
}

/** Everything that one process wrote down or tells, besides its database. */
export async function tellingsOf(app: TestApp): Promise<Place[]> {
  const metrics = await request(`http://127.0.0.1:${app.server.metricsPort}/metrics`);
  const root = dirname(app.config.storage.localBasePath);
  const paths = await readdir(root, { recursive: true, withFileTypes: true });
  const files = await Promise.all(
    paths
      .filter((entry) => entry.isFile())
      .map(async (entry): Promise<Place> => {
        const path = join(entry.parentPath, entry.name);
        return { kind: 'files', name: relative(root, path), text: await readFile(path, 'latin1') };
      }),
  );
  return [
    { kind: 'metrics', name: 'metrics', text: metrics.body.toString() },
    ...app.logged().map((line): Place => ({ kind: 'log lines', name: wordsOf(line), text: line })),
    ...files,
  ];
}

/** Where a line comes from, without what differs. */
function wordsOf(line: string): string {
  const { context, route, status } = JSON.parse(line) as Record<string, unknown>;
  return [context, route, status].join(' ');
}

/** What `config print` shows for these settings. */
export function printedSettings(env: Record<string, string>): Place {
  let text = '';
  const write = (more: string): void => void (text += more);
  configPrint([], { env }, { out: write, err: write });
  return { kind: 'config print', name: 'config print', text };
}

/**
 * The files under the tables, where deleted and replaced rows stay for a while, and the write-ahead log since `start`
 * (threat A1). They are too large for anything but grep; the result names the needles that are there.
 */
export async function foundInFiles(
  app: TestApp,
  start: string,
  patternFile: string,
  needles: readonly Needle[],
): Promise<{ kind: PlaceKind; name: string; needles: Needle[] }[]> {
  await app.query('CHECKPOINT');
  const [facts] = await app.query<{ directory: string; database: string; first: string; last: string }>(
    `SELECT current_setting('data_directory') AS directory, oid::text AS database,
            pg_walfile_name($1) AS first, pg_walfile_name(pg_current_wal_lsn()) AS last
     FROM pg_database WHERE datname = current_database()`,
    [start],
  );
  const { directory, database, first, last } = facts!;
  const segments = await readdir(join(directory, 'pg_wal'));
  const wal = segments.filter((name) => name.length === 24 && name >= first && name <= last);
  if (wal.length === 0) throw new Error(`No write-ahead log from ${first} to ${last}`);
  const heap = await readdir(join(directory, 'base', database));
  return [
    ...(await grep('database files', join(directory, 'base', database), heap, patternFile, needles)),
    ...(await grep('write-ahead log', join(directory, 'pg_wal'), wal, patternFile, needles)),
  ];
}

/** Which of the patterns stand in these files. A file may go while we look. */
async function grep(
  kind: PlaceKind,
  directory: string,
  names: readonly string[],
  patternFile: string,
  needles: readonly Needle[],
): Promise<{ kind: PlaceKind; name: string; needles: Needle[] }[]> {
  if (!(await stat(directory)).isDirectory()) throw new Error(`${directory} is no directory`);
  const inspected = { kind, name: `${names.length} files` };
  const args = ['-a', '-o', '-h', '-s', '-F', '-f', patternFile, ...names];
  const env = { PATH: process.env['PATH'], LC_ALL: 'C' };
  const options = { cwd: directory, env, maxBuffer: 64 * 1024 * 1024 };
  const { stdout } = await run('grep', args, options).catch((error: { code?: unknown; stdout?: string }) => {
    // 1: nothing found; 2 also when a file is gone.
    if (error.code === 1 || error.code === 2) return { stdout: error.stdout ?? '' };
    if (error.code === 'ENOENT') return { stdout: undefined };
    throw error;
  });
  if (stdout === undefined) return [{ ...inspected, needles: await readThrough(directory, names, needles) }];
  const found = new Set(stdout.split('\n'));
  return [{ ...inspected, needles: needles.filter(({ text }) => found.has(text)) }];
}

/** The same on a machine without grep, which takes longer. */
async function readThrough(
  directory: string,
  names: readonly string[],
  needles: readonly Needle[],
): Promise<Needle[]> {
  const found = new Set<Needle>();
  for (const name of names) {
    const bytes = await readFile(join(directory, name)).catch(() => Buffer.alloc(0));
    for (const needle of needles) if (bytes.includes(needle.text)) found.add(needle);
  }
  return [...found];
}
