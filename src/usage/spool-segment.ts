import { closeSync, openSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs';
import { basename } from 'node:path';

const UUID_LINE = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Downloads by target id, and the day (UTC, `YYYY-MM-DD`) they are counted for. */
export interface SegmentCounts {
  readonly name: string;
  readonly day: string;
  readonly counts: ReadonlyMap<string, number>;
}

/**
 * A file of downloads, one line for each, and the same as numbers in memory. A line is written with one system
 * call before the answer leaves, so it survives the death of the process (not that of the machine).
 */
export class SpoolSegment implements SegmentCounts {
  readonly name: string;
  readonly day = dayOf(new Date());
  readonly counts = new Map<string, number>();
  private descriptor: number | undefined;
  /** The last line may have been written in part, because the disk was full. */
  private isTorn = false;

  /** @throws a Node error when the file cannot be made */
  constructor(private readonly path: string) {
    this.name = basename(path);
    this.descriptor = openSync(path, 'ax', 0o600);
  }

  /** Counts one download. What cannot be written is still counted in memory; `false` says so. */
  add(targetId: string): boolean {
    this.counts.set(targetId, (this.counts.get(targetId) ?? 0) + 1);
    if (this.descriptor === undefined) return false;
    const line = this.isTorn ? `\n${targetId}\n` : `${targetId}\n`;
    try {
      this.isTorn = writeSync(this.descriptor, line) !== line.length;
    } catch {
      this.isTorn = true;
    }
    return !this.isTorn;
  }

  /** No more downloads come into this segment. */
  close(): void {
    if (this.descriptor !== undefined) closeSync(this.descriptor);
    this.descriptor = undefined;
  }

  /** Removes the file, after its counts are in the database. */
  remove(): void {
    this.close();
    rmSync(this.path, { force: true });
  }
}

/** Reads a segment that another process left. A last line that was cut off was never answered, so it does not count. */
export function readSegment(path: string): SegmentCounts {
  const counts = new Map<string, number>();
  for (const line of readFileSync(path, 'latin1').split('\n')) {
    if (UUID_LINE.test(line)) counts.set(line, (counts.get(line) ?? 0) + 1);
  }
  return { name: basename(path), day: dayOf(statSync(path).mtime), counts };
}

/** Only ids that the database takes; anything else would hold up the whole segment for ever. */
export function isTargetId(id: string): boolean {
  return UUID_LINE.test(id);
}

function dayOf(time: Date): string {
  return time.toISOString().slice(0, 10);
}
