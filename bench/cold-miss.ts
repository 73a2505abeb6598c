import { NAMESPACE, PLATFORMS, moduleName, providerType, versionText } from './data-set.js';
import { load, loadFor, requestBytes } from './http-load.js';
import { type Measurement, measure, medianOf } from './measurement.js';
import type { BenchOptions } from './options.js';
import type { WorkloadResult } from './result.js';
import type { BenchServers } from './servers.js';

const LEAN = { 'X-Terraform-Version': '1.11.4' };
const TARGET = 0.15;
const MAX_MICROS = 200;

/** Workload 7: documents that a process has never answered, each asked for once, after a restart. */
export async function runColdMiss(servers: BenchServers, options: BenchOptions): Promise<WorkloadResult> {
  const raw = await servers.startRaw(204, 0);
  const database = await servers.connectDatabase();
  const rounds: Measurement[] = [];
  const yardstick: Measurement[] = [];
  const statements: number[] = [];
  for (let round = 0; round < options.rounds; round += 1) {
    const plan = { port: raw.port, connections: options.connections, request: requestBytes('/', LEAN) };
    yardstick.push(
      await measure(raw.pid, undefined, () => loadFor({ ...plan, durationMs: options.measureMs })),
    );
    await servers.stopRegistry();
    await servers.startRegistry();
    await once(servers, options, providerDownloads(options));
    const before = await transactions(database);
    const paths = moduleDownloads(options);
    const measured = await measure(servers.registry.pid, servers.database.pid, () =>
      once(servers, options, paths),
    );
    rounds.push(measured);
    // PostgreSQL reports what a backend did at most a second later.
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    statements.push(((await transactions(database)) - before) / paths.length);
  }
  await database.end();
  const [registry, yard] = [medianOf(rounds), medianOf(yardstick)];
  const ratio = yard.cpuMicros / registry.cpuMicros;
  const total = registry.cpuMicros + registry.databaseMicros;
  return {
    id: '7',
    name: 'cold miss',
    registry,
    raw: yard,
    ratio,
    target: TARGET,
    notes: [
      `${Math.min(...statements).toFixed(2)} statements per miss (1, and what runs in the background)`,
      `application and database ${total.toFixed(0)} µs (at most ${MAX_MICROS})`,
    ],
    isMet: ratio >= TARGET && total <= MAX_MICROS,
    isVoid: false,
  };
}

function once(servers: BenchServers, { connections }: BenchOptions, paths: readonly string[]) {
  const left = [...paths];
  const next = (): Buffer | undefined => {
    const path = left.pop();
    return path === undefined ? undefined : requestBytes(path, LEAN);
  };
  return load({ port: servers.registry.port, connections, next });
}

function moduleDownloads({ data }: BenchOptions): string[] {
  return range(data.modules).flatMap((index) =>
    range(data.moduleVersions).map(
      (version) => `/v1/modules/${NAMESPACE}/${moduleName(index)}/aws/${versionText(version)}/download`,
    ),
  );
}

function providerDownloads({ data }: BenchOptions): string[] {
  return range(data.providers).flatMap((index) =>
    range(data.providerVersions).flatMap((version) =>
      PLATFORMS.map(
        ({ os, arch }) =>
          `/v1/providers/${NAMESPACE}/${providerType(index)}/${versionText(version)}/download/${os}/${arch}`,
      ),
    ),
  );
}

async function transactions(database: Awaited<ReturnType<BenchServers['connectDatabase']>>): Promise<number> {
  const { rows } = await database.query(
    'SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()',
  );
  return Number(rows[0].xact_commit);
}

function range(length: number): number[] {
  return Array.from({ length }, (_, index) => index);
}
