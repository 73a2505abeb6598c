import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { sha256Hex } from '../../kernel/sha256.js';

const HOST = sha256Hex(hostname()).slice(0, 8);
const INSTANCE = randomBytes(4).toString('hex');
const NAME = /^([a-z0-9-]{1,40})\.([0-9a-f]{8})\.(\d{1,10})\.([0-9a-f]{8})\.[0-9a-f]{16}$/;

/** Which process made a spool directory. */
export interface SpoolOwner {
  readonly host: string;
  readonly pid: number;
  readonly instance: string;
}

/** A new name that says who made it: `<prefix>.<host>.<process id>.<process instance>.<random>`. */
export function newSpoolName(prefix: string): string {
  return `${prefix}.${HOST}.${process.pid}.${INSTANCE}.${randomBytes(8).toString('hex')}`;
}

/** Who made the spool directory of this name; undefined for names that are not ours. */
export function spoolOwner(name: string): SpoolOwner | undefined {
  const [, , host, pid, instance] = NAME.exec(name) ?? [];
  return host && pid && instance ? { host, pid: Number(pid), instance } : undefined;
}

/** Whether the process that made it is known to have ended. A process of another host is never known to. */
export function ownerHasEnded({ host, pid, instance }: SpoolOwner): boolean {
  if (host !== HOST) return false;
  if (pid === process.pid) return instance !== INSTANCE;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}
