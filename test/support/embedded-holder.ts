import type { ChildProcess, SpawnOptions } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import pg from 'pg';
import { ended, spawnTypescript } from './typescript-process.js';

/** What the process said first. */
export interface Report {
  readonly pid: number;
  readonly socketDirectory: string;
  readonly error?: string;
  readonly message?: string;
}

/** Another process that uses the bundled PostgreSQL of a data directory. */
export class EmbeddedHolder {
  readonly report: Promise<Report>;
  private readonly child: ChildProcess;

  constructor(directory: string, mode: 'serve' | 'tool', options: SpawnOptions = {}) {
    this.child = spawnTypescript('embedded-process.ts', [directory, mode], { ...options, stdio: 'pipe' });
    this.report = this.firstLine();
    this.report.catch(() => undefined);
  }

  /** Process id of the process itself. */
  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** Ends it in good order. */
  async stop(): Promise<void> {
    this.child.stdin?.end();
    await ended(this.child);
  }

  /** Ends it with kill -9. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await ended(this.child);
  }

  private async firstLine(): Promise<Report> {
    let errors = '';
    this.child.stderr?.on('data', (chunk: Buffer) => (errors += chunk.toString()));
    if (!this.child.stdout) throw new Error('no output');
    for await (const line of createInterface({ input: this.child.stdout })) return JSON.parse(line) as Report;
    throw new Error(`The process said nothing: ${errors}`);
  }
}

/** Runs one statement on the server behind a socket. */
export async function queryOn(socketDirectory: string, statement: string): Promise<unknown[]> {
  const client = new pg.Client({ host: socketDirectory, user: 'registry', database: 'postgres', ssl: false });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query(statement)).rows as unknown[];
  } finally {
    await client.end();
  }
}

/** Whether a process runs; one that only waits to be collected by its parent does not. */
export async function isRunning(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0);
    const status = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
    return !/\) Z /.test(status);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
