import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { sha256Hex } from '../kernel/sha256.js';

const HOST = sha256Hex(hostname()).slice(0, 12);
const START = startOf(process.pid) ?? '0';
const NAME = /^([0-9a-f]{12})-(\d{1,10})-(\d{1,20})\.([0-9a-f]{8})-(\d{1,10})\.counts$/;

/** The name of a segment: who writes it (host, process, time of its start, counter in it) and the how manieth it is. */
export function spoolSegmentName(instance: string, sequence: number): string {
  return `${HOST}-${process.pid}-${START}.${instance}-${sequence}.counts`;
}

/** Whether this is the name of a segment that a process of this host wrote which does not run any more. */
export function isAbandonedSegment(name: string): boolean {
  const [, host, pid, start] = NAME.exec(name) ?? [];
  if (host !== HOST || pid === undefined) return false;
  const present = startOf(Number(pid));
  if (present !== undefined) return present !== start;
  return !isAlive(Number(pid));
}

/** The start of a running process as Linux tells it; tells two processes with one number apart. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
