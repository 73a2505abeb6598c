import { readFileSync, readdirSync } from 'node:fs';

const MS_PER_TICK = 10;

/** CPU time of a process and everything under it, reaped children included, in milliseconds. */
export function cpuMsOfTree(root: number): number {
  const parents = new Map<number, number[]>();
  const cpuMs = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    const fields = Number.isInteger(pid) ? statFields(pid) : undefined;
    if (!fields) continue;
    const parent = Number(fields[1]);
    parents.set(parent, [...(parents.get(parent) ?? []), pid]);
    cpuMs.set(pid, fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) * MS_PER_TICK);
  }
  const tree = [root];
  for (let index = 0; index < tree.length; index += 1) tree.push(...(parents.get(tree[index]!) ?? []));
  return tree.reduce((sum, pid) => sum + (cpuMs.get(pid) ?? 0), 0);
}

/** Resident memory of a process in MiB: now, and the highest so far. */
export function residentMiB(pid: number): { now: number; peak: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  const field = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) / 1024;
  return { now: field('VmRSS'), peak: field('VmHWM') };
}

/** The fields of `/proc/<pid>/stat` behind the name: state, parent, …; `undefined` when the process is gone. */
function statFields(pid: number): string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}
