import { request } from '../test/support/http-request.js';
import { NAMESPACE, moduleName } from './data-set.js';
import { median } from './measurement.js';
import type { BenchOptions } from './options.js';
import { residentMiB } from './process-usage.js';
import type { WorkloadResult } from './result.js';
import type { BenchServers } from './servers.js';

const MAX_MS = 350;
const MAX_MIB = 120;

/** Workload 15: from the start of the process to the first right version list; the schema is up to date. */
export async function runColdStart(servers: BenchServers, options: BenchOptions): Promise<WorkloadResult> {
  const url = `${servers.url}/v1/modules/${NAMESPACE}/${moduleName(0)}/aws/versions`;
  const times: number[] = [];
  const memory: number[] = [];
  for (let round = 0; round < options.rounds; round += 1) {
    await servers.stopRegistry();
    const headers = { 'X-Terraform-Version': '1.11.4' };
    const isUp = async () => (await request(url, { headers, timeoutMs: 5_000 })).status === 200;
    times.push(await servers.startRegistry(isUp));
    memory.push(residentMiB(servers.registry.pid).now);
  }
  const [ms, mib] = [median(times), median(memory)];
  return {
    id: '15',
    name: 'cold start to the first 200',
    notes: [`${ms.toFixed(0)} ms (at most ${MAX_MS})`, `RSS ${mib.toFixed(0)} MiB (at most ${MAX_MIB})`],
    isMet: ms <= MAX_MS && mib <= MAX_MIB,
    isVoid: false,
  };
}
