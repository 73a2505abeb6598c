const total = ({ user, system }: NodeJS.CpuUsage): number => (user + system) / 1_000;

/** CPU milliseconds of the fastest of three runs. Other processes on a busy machine do not count. */
export function leastCpuMs(work: () => void): number {
  const runs = Array.from({ length: 3 }, () => {
    const before = process.cpuUsage();
    work();
    return total(process.cpuUsage(before));
  });
  return Math.min(...runs);
}

/** CPU milliseconds that this process needs while the work is done. */
export async function cpuMs(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  return total(process.cpuUsage(before));
}
