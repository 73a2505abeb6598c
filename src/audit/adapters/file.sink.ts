import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { FileShipper } from '../../config/audit-shipper.js';
import { shipperName } from '../../config/audit-shippers.js';
import type { AuditSink } from '../audit-sink.js';
import type { AuditEntry } from '../domain/audit-entry.js';
import { shippedLine } from '../shipped-entry.js';

/** NDJSON in a file; when it is full it becomes `<path>.1`, what was `.1` becomes `.2`, and so on. */
export class FileSink implements AuditSink {
  readonly name: string;
  readonly batchSize = 500;
  readonly intervalMs = 5_000;

  constructor(private readonly settings: FileShipper) {
    this.name = shipperName(settings);
  }

  /** Resolves when the lines are on the disk. */
  async send(entries: readonly AuditEntry[]): Promise<void> {
    const { path, maxBytes } = this.settings;
    await mkdir(dirname(path), { recursive: true });
    let group: string[] = [];
    let size = await sizeOf(path);
    for (const entry of entries) {
      const line = `${shippedLine(entry)}\n`;
      const bytes = Buffer.byteLength(line);
      if (size > 0 && size + bytes > maxBytes) {
        await this.append(group);
        await this.rotate();
        [group, size] = [[], 0];
      }
      group.push(line);
      size += bytes;
    }
    await this.append(group);
  }

  private async append(lines: readonly string[]): Promise<void> {
    if (lines.length === 0) return;
    const file = await open(this.settings.path, 'a+', 0o600);
    try {
      const { size } = await file.stat();
      const { buffer } = await file.read(Buffer.alloc(1), 0, 1, Math.max(0, size - 1));
      // A process that was killed may have left half a line.
      const start = size > 0 && buffer[0] !== 0x0a ? '\n' : '';
      await file.appendFile(start + lines.join(''));
      await file.datasync();
    } finally {
      await file.close();
    }
  }

  private async rotate(): Promise<void> {
    const { path, maxBackups } = this.settings;
    if (maxBackups === 0) return rm(path, { force: true });
    for (let number = maxBackups; number > 1; number -= 1) {
      await rename(`${path}.${number - 1}`, `${path}.${number}`).catch(ignoreAbsent);
    }
    await rename(path, `${path}.1`).catch(ignoreAbsent);
  }
}

async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    (error: unknown) => (ignoreAbsent(error), 0),
  );
}

function ignoreAbsent(error: unknown): void {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
}
