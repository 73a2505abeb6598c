import type pg from 'pg';
import { NAMESPACE, moduleName, versionText } from './data-set.js';
import { load, loadFor, requestBytes } from './http-load.js';
import { type Measurement, measure, medianOf, spreadOf } from './measurement.js';
import { MAX_YARDSTICK_SPREAD, type BenchOptions } from './options.js';
import type { WorkloadResult } from './result.js';
import type { BenchServers } from './servers.js';

const LEAN = { 'X-Terraform-Version': '1.11.4' };
const TARGET = 0.15;
const MAX_MICROS = 200;
const MODULE = `/v1/modules/${NAMESPACE}/${moduleName(0)}/aws`;

/** Workload 7: documents that a process has never answered, each asked for once, after a restart. */
export async function runColdMiss(servers: BenchServers, options: BenchOptions): Promise<WorkloadResult> {
  const counts = options.isQuick ? { warm: 4_000, measured: 3_000 } : { warm: 10_000, measured: 10_000 };
  const total = counts.warm + counts.measured;
  const raw = await servers.startRaw(204, 0);
  const database = await servers.connectDatabase();
  await addDocuments(database, total);
  const rounds: Measurement[] = [];
  const yardstick: Measurement[] = [];
  const statements: number[] = [];
  for (let round = 0; round < options.rounds; round += 1) {
    const plan = { port: raw.port, connections: options.connections, request: requestBytes('/', LEAN) };
    await loadFor({ ...plan, durationMs: options.warmMs });
    yardstick.push(
      await measure(raw.pid, undefined, () => loadFor({ ...plan, durationMs: options.measureMs })),
    );
    await servers.stopRegistry();
    const before = await transactions(database);
    await servers.startRegistry();
    await askOnce(servers, options, 0, counts.warm);
    const { pid } = servers.registry;
    rounds.push(
      await measure(pid, servers.database.pid, () => askOnce(servers, options, counts.warm, total)),
    );
    // A backend of PostgreSQL reports everything it did when it ends.
    await servers.stopRegistry();
    statements.push(((await transactions(database)) - before) / total);
    await servers.startRegistry();
  }
  await database.end();
  return summarize(medianOf(rounds), yardstick, Math.min(...statements));
}

function summarize(
  registry: Measurement,
  yardstick: readonly Measurement[],
  statements: number,
): WorkloadResult {
  const raw = medianOf(yardstick);
  const ratio = raw.cpuMicros / registry.cpuMicros;
  const micros = registry.cpuMicros + registry.databaseMicros;
  return {
    id: '7',
    name: 'cold miss',
    registry,
    raw,
    ratio,
    target: TARGET,
    notes: [
      `${statements.toFixed(3)} statements per miss, the start of the process included`,
      `application and database ${micros.toFixed(0)} µs (at most ${MAX_MICROS})`,
    ],
    isMet: ratio >= TARGET && micros <= MAX_MICROS && statements < 1.1,
    isVoid: spreadOf(yardstick.map((round) => round.cpuMicros)) > MAX_YARDSTICK_SPREAD,
  };
}

/** Copies of a stored document under further version numbers: as many as a data set cannot have in a short run. */
async function addDocuments(database: pg.Client, count: number): Promise<void> {
  await database.query(
    `INSERT INTO protocol_documents (path, subject, generation, namespace, scope, visibility, status, etag, body, download)
     SELECT $1 || '/9.' || n || '.0/download', subject, generation, namespace, scope, visibility, status, etag, body, download
     FROM protocol_documents, generate_series(0, $2::int - 1) AS n WHERE path = $3`,
    [MODULE, count, `${MODULE}/${versionText(0)}/download`],
  );
  await database.query('VACUUM ANALYZE protocol_documents');
}

function askOnce(servers: BenchServers, { connections }: BenchOptions, first: number, end: number) {
  let index = first;
  const next = (): Buffer | undefined => {
    if (index === end) return undefined;
    index += 1;
    return requestBytes(`${MODULE}/9.${index - 1}.0/download`, LEAN);
  };
  return load({ port: servers.registry.port, connections, next });
}

async function transactions(database: pg.Client): Promise<number> {
  const { rows } = await database.query(
    'SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()',
  );
  return Number(rows[0].xact_commit);
}
