import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { TestTls } from '../tls.js';

const ACCOUNT_NAME = 'tfrtestonly';
const LISTENS = /successfully listens on (https?:\/\/\S+)/;

/** How to start azurite. */
export interface AzuriteServerOptions {
  /** With TLS it also takes bearer tokens; it reads their claims and believes any signature. */
  readonly tls?: TestTls;
  /** A directory for what it stores; memory unless given. */
  readonly location?: string;
}

/**
 * The blob service of azurite as a process of its own, on a free port, with an account whose key is made for this
 * process. It ends with `stop`, or with the process that started it. (The benchmark runs these files without a
 * compiler: no TypeScript here that needs more than its types taken away.)
 */
export class AzuriteServer {
  /** Where it listens, with scheme and port. */
  readonly origin: string;
  readonly accountName = ACCOUNT_NAME;
  /** For tests only: nobody else has this key. */
  readonly accountKey: string;
  private readonly child: ChildProcess;

  private constructor(child: ChildProcess, origin: string, accountKey: string) {
    this.child = child;
    this.origin = origin;
    this.accountKey = accountKey;
  }

  static async start({ tls, location }: AzuriteServerOptions = {}): Promise<AzuriteServer> {
    const accountKey = randomBytes(64).toString('base64');
    const child = spawn(
      process.execPath,
      [
        fileURLToPath(new URL('./azurite-process.mjs', import.meta.url)),
        ...['--blobHost', '127.0.0.1', '--blobPort', '0'],
        ...['--silent', '--disableTelemetry', '--skipApiVersionCheck'],
        ...(location ? ['--location', location] : ['--inMemoryPersistence']),
        ...(tls ? ['--oauth', 'basic', '--cert', tls.certFile, '--key', tls.keyFile] : []),
      ],
      {
        stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
        env: { PATH: process.env['PATH'], AZURITE_ACCOUNTS: `${ACCOUNT_NAME}:${accountKey}` },
      },
    );
    const origin = await originOf(child);
    // Nothing of it keeps the process that started it alive.
    for (const handle of [child, child.channel, child.stdout, child.stderr] as (Socket | undefined)[])
      handle?.unref();
    return new AzuriteServer(child, origin, accountKey);
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.kill('SIGKILL');
    await ended;
  }
}

function originOf(child: ChildProcess): Promise<string> {
  let output = '';
  return new Promise((resolve, reject) => {
    child.stderr!.on('data', (text: Buffer) => (output += text.toString()));
    child.stdout!.on('data', (text: Buffer) => {
      output += text.toString();
      const [, origin] = LISTENS.exec(output) ?? [];
      if (origin) resolve(origin);
    });
    child.once('error', reject);
    child.once('exit', () => reject(new Error(`azurite did not start: ${output}`)));
  });
}
