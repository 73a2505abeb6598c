import { closeSync, openSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { isUuid } from '../kernel/uuid.js';
import { dayOf } from './domain/day.js';

const UUID_LINE = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(?: |$)/;
const UUID_LENGTH = 36;

/** Lines that could not be written are kept up to this number; what they say beyond the count is then lost. */
const MAX_UNWRITTEN = 5_000;

/** Downloads by target id, and the day (UTC, `YYYY-MM-DD`) they are counted for. */
export interface SegmentCounts {
  readonly name: string;
  readonly day: string;
  readonly counts: ReadonlyMap<string, number>;
  /** The lines that say more than the target of a download. */
  details(): Promise<readonly string[]>;
}

/**
 * A file of downloads, one line for each, and the same as numbers in memory. A line is written with one system
 * call before the answer leaves, so it survives the death of the process (not that of the machine).
 */
export class SpoolSegment implements SegmentCounts {
  readonly name: string;
  readonly day = dayOf(new Date());
  readonly counts = new Map<string, number>();
  /** How many downloads are in it. */
  size = 0;
  private descriptor: number | undefined;
  /** The last line may have been written in part, because the disk was full. */
  private isTorn = false;
  private readonly unwritten: string[] = [];

  /** @throws a Node error when the file cannot be made */
  constructor(private readonly path: string) {
    this.name = basename(path);
    this.descriptor = openSync(path, 'ax', 0o600);
  }

  /**
   * Counts one download; `details` is ASCII without a line break. What cannot be written is still counted in
   * memory; `false` says so.
   */
  add(targetId: string, details = ''): boolean {
    this.size += 1;
    this.counts.set(targetId, (this.counts.get(targetId) ?? 0) + 1);
    const line = details === '' ? targetId : `${targetId} ${details}`;
    if (this.write(line)) return true;
    if (details !== '' && this.unwritten.length < MAX_UNWRITTEN) this.unwritten.push(line);
    return false;
  }

  async details(): Promise<string[]> {
    const text = await readFile(this.path, 'latin1').catch(() => '');
    // What was torn stands in `unwritten` as a whole.
    const whole = text.split('\n').filter(hasDetails);
    return this.unwritten.length === 0
      ? whole
      : [...whole.filter((line) => !this.isPart(line)), ...this.unwritten];
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

  private write(line: string): boolean {
    if (this.descriptor === undefined) return false;
    const text = this.isTorn ? `\n${line}\n` : `${line}\n`;
    try {
      this.isTorn = writeSync(this.descriptor, text) !== text.length;
    } catch {
      this.isTorn = true;
    }
    return !this.isTorn;
  }

  private isPart(line: string): boolean {
    return this.unwritten.some((whole) => whole.startsWith(line));
  }
}

/** Reads a segment that another process left. A last line that was cut off was never answered, so it does not count. */
export function readSegment(path: string): SegmentCounts {
  const counts = new Map<string, number>();
  const lines = readFileSync(path, 'latin1').split('\n');
  for (const line of lines) {
    if (!UUID_LINE.test(line)) continue;
    const targetId = line.slice(0, UUID_LENGTH);
    counts.set(targetId, (counts.get(targetId) ?? 0) + 1);
  }
  const details = async (): Promise<string[]> => lines.filter(hasDetails);
  return { name: basename(path), day: dayOf(statSync(path).mtime), counts, details };
}

/** Only ids that the database takes; anything else would hold up the whole segment for ever. */
export function isTargetId(id: string): boolean {
  return isUuid(id);
}

function hasDetails(line: string): boolean {
  return line.length > UUID_LENGTH + 1 && UUID_LINE.test(line);
}
