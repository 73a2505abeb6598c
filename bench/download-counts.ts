import { request } from '../test/support/http-request.js';
import { NAMESPACE, moduleName, versionText } from './data-set.js';
import { loadFor, requestBytes } from './http-load.js';
import type { BenchOptions } from './options.js';
import type { BenchServers } from './servers.js';

/** Workload 2, second half: what the counter says after a load equals what was answered. */
export async function countIsExact(
  servers: BenchServers,
  options: BenchOptions,
): Promise<string | undefined> {
  const path = `/v1/modules/${NAMESPACE}/${moduleName(1)}/aws`;
  const before = await downloads(servers, path);
  const { answers } = await loadFor({
    port: servers.registry.port,
    connections: options.connections,
    request: requestBytes(`${path}/${versionText(0)}/download`, { 'X-Terraform-Version': '1.11.4' }),
    durationMs: options.measureMs,
  });
  const counted = (await downloads(servers, path)) - before;
  return counted === answers ? undefined : `counted ${counted} of ${answers} downloads`;
}

async function downloads(servers: BenchServers, path: string): Promise<number> {
  const answer = await request(`${servers.url}${path}/versions`);
  const { modules } = answer.json<{
    modules: { versions: { version: string; download_count: number }[] }[];
  }>();
  return modules[0]!.versions.find(({ version }) => version === versionText(0))!.download_count;
}
