import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EmbeddedPostgresFailed } from './database.errors.js';
import type { EmbeddedPostgresAccount } from './embedded-postgres-account.js';
import { SOCKET_PORT, SUPERUSER } from './postmaster.js';

const MAX_SOCKET_PATH_BYTES = 100;
const UNFINISHED = 'cluster.unfinished-';

/** The folder PostgreSQL keeps its files in, inside the data directory. */
export function clusterDirectoryIn(directory: string): string {
  return join(directory, 'cluster');
}

/**
 * Makes the cluster when there is none. It is made beside its place and renamed when complete, so that a crash
 * leaves nothing that looks like a database. Only one process may be here at a time.
 */
export async function ensureCluster(
  directory: string,
  account: EmbeddedPostgresAccount,
  initdb: string,
): Promise<void> {
  removeUnfinished(directory);
  const cluster = clusterDirectoryIn(directory);
  if (existsSync(join(cluster, 'PG_VERSION'))) {
    if (account.isForeign && lstatSync(cluster).uid === 0) giveTo(cluster, account);
    return;
  }
  const unfinished = join(directory, `${UNFINISHED}${randomBytes(6).toString('hex')}`);
  mkdirSync(unfinished, { mode: 0o700 });
  if (account.isForeign) chownSync(unfinished, account.uid, account.gid);
  await runInitdb(account, initdb, unfinished);
  renameSync(unfinished, cluster);
  // The initdb of a killed process goes on for a moment, and may have written while its files were removed.
  removeUnfinished(directory);
}

function removeUnfinished(directory: string): void {
  const unfinished = readdirSync(directory).filter((name) => name.startsWith(UNFINISHED));
  for (const name of unfinished) {
    rmSync(join(directory, name), { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  }
}

async function runInitdb(account: EmbeddedPostgresAccount, initdb: string, cluster: string): Promise<void> {
  // Everybody who reaches the socket is let in; its directory is open to one user only.
  const { command, args, options } = account.launch(initdb, [
    ...['-D', cluster, '-U', SUPERUSER, '--auth=trust', '-E', 'UTF8'],
    ...['--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--no-instructions'],
  ]);
  const child = spawn(command, args, { ...options, cwd: '/', stdio: ['ignore', 'ignore', 'pipe'] });
  let complaint = '';
  child.stderr
    .setEncoding('utf8')
    .on('data', (text: string) => (complaint = (complaint + text).slice(-2000)));
  const code = await new Promise<number | string>((resolve) => {
    child.on('error', (error) => resolve(error.message));
    child.on('close', (status, signal) => resolve(status ?? signal ?? 'unknown'));
  });
  if (code === 0) return;
  const line = complaint.split('\n').find((text) => /error|fatal/i.test(text)) ?? `initdb ended with ${code}`;
  throw new EmbeddedPostgresFailed(
    `The bundled PostgreSQL could not prepare its files: ${line.trim()}. ` +
      'Correct that, or name a PostgreSQL server with TFR_DATABASE_URL=postgres://….',
  );
}

/**
 * The directory of the unix socket, open to the account only. Socket paths are limited to about 100 bytes: for a
 * longer data directory it is one in the directory for temporary files, found by a hash of the path.
 */
export function ensureSocketDirectory(directory: string, account: EmbeddedPostgresAccount): string {
  const natural = join(directory, 'run');
  const isShort = Buffer.byteLength(join(natural, `.s.PGSQL.${SOCKET_PORT}.lock`)) <= MAX_SOCKET_PATH_BYTES;
  const hash = createHash('sha256').update(directory).digest('hex').slice(0, 16);
  const folder = isShort ? natural : join(tmpdir(), `registry-${hash}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const stats = lstatSync(folder);
  const ownUid = process.getuid?.();
  if (!stats.isDirectory() || (stats.uid !== account.uid && stats.uid !== ownUid)) {
    throw new EmbeddedPostgresFailed(
      `The directory ${folder} for the database socket belongs to another user. Remove it and start again.`,
    );
  }
  if (account.isForeign) chownSync(folder, account.uid, account.gid);
  chmodSync(folder, 0o700);
  return folder;
}

/** Removes what `ensureSocketDirectory` made outside the data directory. */
export function removeForeignSocketDirectory(directory: string, socketDirectory: string): void {
  if (socketDirectory === join(directory, 'run')) return;
  rmSync(socketDirectory, { recursive: true, force: true });
}

function giveTo(folder: string, account: EmbeddedPostgresAccount): void {
  lchownSync(folder, account.uid, account.gid);
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) giveTo(path, account);
    else lchownSync(path, account.uid, account.gid);
  }
}
