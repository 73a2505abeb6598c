import { execFile, spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { chmod, chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { ended } from './typescript-process.js';

const NOBODY = 65_534;
const run = promisify(execFile);

/** A PostgreSQL of the machine, found on PATH, on a cluster of its own. */
export interface SystemPostgres {
  readonly port: number;
  readonly version: string;
  stop(): Promise<void>;
}

/** The path of a program on PATH, if it is there. */
export function findOnPath(program: string): string | undefined {
  const candidates = (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, program));
  return candidates.find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Starts it on 127.0.0.1 with TLS by the given certificate and password sign-in. */
export async function startSystemPostgres(
  user: string,
  password: string,
  tls: { certificate: string; key: string },
): Promise<SystemPostgres> {
  const initdb = findOnPath('initdb');
  const postgres = findOnPath('postgres');
  if (!initdb || !postgres) throw new Error('no PostgreSQL on PATH');
  const folder = await mkdtemp(join(tmpdir(), 'registry-system-pg-'));
  const account = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
  const files = {
    password: join(folder, 'password'),
    certificate: join(folder, 'crt'),
    key: join(folder, 'key'),
  };
  await writeFile(files.password, password);
  await writeFile(files.certificate, tls.certificate);
  await writeFile(files.key, tls.key);
  await chmod(files.key, 0o600);
  if (account.uid) for (const path of [folder, ...Object.values(files)]) await chown(path, NOBODY, NOBODY);
  const data = join(folder, 'data');
  const options = { ...account, cwd: '/' };
  const auth = ['-U', user, '--auth=scram-sha-256', `--pwfile=${files.password}`];
  await run(initdb, ['-D', data, ...auth, '-E', 'UTF8', '--locale=C', '--no-sync'], options);
  const port = await freePort();
  const settings = ['ssl=on', `ssl_cert_file=${files.certificate}`, `ssl_key_file=${files.key}`, 'fsync=off'];
  const args = [
    '-D',
    data,
    '-h',
    '127.0.0.1',
    '-p',
    String(port),
    '-k',
    '',
    ...settings.flatMap((one) => ['-c', one]),
  ];
  const server = spawn(postgres, args, { ...options, stdio: 'ignore' });
  return {
    port,
    version: (await run(postgres, ['--version'])).stdout.trim(),
    async stop() {
      server.kill('SIGINT');
      await ended(server);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
