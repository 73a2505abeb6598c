import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Answer, request } from '../test/support/http-request.js';
import {
  LARGE_FILE,
  NAMESPACE,
  PRIVATE_NAMESPACE,
  PLATFORMS,
  SMALL_FILE,
  moduleName,
  providerType,
  versionText,
} from './data-set.js';
import { loadFor, requestBytes } from './http-load.js';
import { type Measurement, measure, medianOf, spreadOf } from './measurement.js';
import { type BenchOptions, MAX_YARDSTICK_SPREAD } from './options.js';
import type { WorkloadResult } from './result.js';
import type { BenchServers, MeasuredServer } from './servers.js';

const LEAN = { 'X-Terraform-Version': '1.11.4' };

interface HotWorkload {
  readonly id: string;
  readonly name: string;
  readonly target: number;
  readonly headers: Record<string, string>;
  readonly connections?: number;
  /** The path to ask for; looked up again in every round, because links expire. */
  readonly path: () => Promise<string>;
  /** Whether the answer is the right one; asked before anything is timed. */
  readonly check: (answer: Answer) => void;
  /** What the raw server does: a Buffer of the same size, or a stream of a file of the same size. */
  readonly isStream?: boolean;
}

interface Contender {
  readonly workload: HotWorkload;
  readonly server: MeasuredServer;
  readonly isRegistry: boolean;
  readonly rounds: Measurement[];
}

/** Workloads 1–4, 6 and 10: the same answers again and again, the registry and raw servers in turn. */
export async function runHotWorkloads(
  servers: BenchServers,
  options: BenchOptions,
  key: string,
): Promise<WorkloadResult[]> {
  const workloads = hotWorkloads(servers, options, key).filter(({ id }) => isWanted(id, options));
  const contenders: Contender[] = [];
  for (const workload of workloads) {
    const answer = await request(servers.url + (await workload.path()), { headers: workload.headers });
    workload.check(answer);
    const size = Number(answer.headers['content-length'] ?? 0);
    const raw = await startYardstick(servers, workload, answer.status, size);
    contenders.push({ workload, server: raw, isRegistry: false, rounds: [] });
    contenders.push({ workload, server: servers.registry, isRegistry: true, rounds: [] });
  }
  for (let round = 0; round < options.rounds; round += 1) {
    for (const contender of shuffled(contenders))
      contender.rounds.push(await oneRound(servers, contender, options));
    process.stderr.write(`  round ${round + 1} of ${options.rounds}\n`);
  }
  return workloads.map((workload) => {
    const of = (isRegistry: boolean) =>
      contenders.find((one) => one.workload === workload && one.isRegistry === isRegistry)!.rounds;
    return summarize(workload, of(true), of(false));
  });
}

/** Whether a workload was asked for. */
export function isWanted(id: string, { only }: BenchOptions): boolean {
  return only.length === 0 || only.includes(id.replace(/[a-z]$/, ''));
}

function hotWorkloads(servers: BenchServers, { data }: BenchOptions, key: string): HotWorkload[] {
  const modulePath = `/v1/modules/${NAMESPACE}/${moduleName(0)}/aws`;
  const providerPath = `/v1/providers/${NAMESPACE}/${providerType(0)}`;
  const { os, arch } = PLATFORMS[0]!;
  const json = { headers: LEAN, connections: undefined };
  return [
    {
      ...json,
      id: '1',
      name: `module versions (${data.moduleVersions})`,
      target: 0.8,
      path: async () => `${modulePath}/versions`,
      check: (answer) => {
        const { modules } = answer.json<{ modules: { versions: unknown[] }[] }>();
        assert.equal(modules[0]?.versions.length, data.moduleVersions);
      },
    },
    {
      ...json,
      id: '2',
      name: 'module download',
      target: 0.75,
      path: async () => `${modulePath}/${versionText(0)}/download`,
      check: (answer) => assert.match(String(answer.headers['x-terraform-get']), /\.tar\.gz\?/),
    },
    {
      ...json,
      id: '3',
      name: `provider versions (${data.providerVersions} × ${PLATFORMS.length})`,
      target: 0.8,
      path: async () => `${providerPath}/versions`,
      check: (answer) => {
        const { versions } = answer.json<{ versions: { platforms: unknown[] }[] }>();
        assert.equal(versions.length, data.providerVersions);
        assert.ok(versions.every(({ platforms }) => platforms.length === PLATFORMS.length));
      },
    },
    {
      ...json,
      id: '4',
      name: 'provider download',
      target: 0.75,
      path: async () => `${providerPath}/${versionText(0)}/download/${os}/${arch}`,
      check: (answer) => assert.match(answer.json<{ shasum: string }>().shasum, /^[0-9a-f]{64}$/),
    },
    {
      id: '10',
      name: 'private module versions with an API key',
      target: 0.5,
      headers: { ...LEAN, Authorization: `Bearer ${key}` },
      path: async () => {
        const path = `/v1/modules/${PRIVATE_NAMESPACE}/${moduleName(0)}/aws/versions`;
        assert.equal((await request(servers.url + path, { headers: LEAN })).status, 404);
        return path;
      },
      check: (answer) => {
        const { modules } = answer.json<{ modules: { versions: unknown[] }[] }>();
        assert.equal(modules[0]?.versions.length, data.moduleVersions);
      },
    },
    fileWorkload(servers, '6a', 'archive of 2 KB', SMALL_FILE, false),
    fileWorkload(servers, '6b', 'archive of 50 MB', LARGE_FILE, true),
  ];
}

function fileWorkload(
  servers: BenchServers,
  id: string,
  name: string,
  module: string,
  isStream: boolean,
): HotWorkload {
  return {
    id,
    name,
    target: 0.75,
    headers: {},
    isStream,
    connections: isStream ? 2 : undefined,
    path: async () => {
      const path = `/v1/modules/${NAMESPACE}/${module}/aws/${versionText(0)}/download`;
      const answer = await request(servers.url + path, { headers: LEAN });
      return String(answer.headers['x-terraform-get']).slice(servers.url.length);
    },
    check: (answer) => assert.equal(answer.body.subarray(0, 2).toString('hex'), '1f8b'),
  };
}

async function startYardstick(
  servers: BenchServers,
  { isStream }: HotWorkload,
  status: number,
  size: number,
): Promise<MeasuredServer> {
  if (!isStream) return servers.startRaw(status, size);
  const file = join(servers.directory, 'yardstick.bin');
  writeFileSync(file, Buffer.alloc(size, 1));
  return servers.startRaw(status, size, file);
}

async function oneRound(
  servers: BenchServers,
  { workload, server, isRegistry }: Contender,
  options: BenchOptions,
): Promise<Measurement> {
  const { port, pid } = server;
  const connections = workload.connections ?? options.connections;
  const plan = { port, connections, request: requestBytes(await workload.path(), workload.headers) };
  await loadFor({ ...plan, durationMs: options.warmMs });
  return measure(pid, isRegistry ? servers.database.pid : undefined, () =>
    loadFor({ ...plan, durationMs: options.measureMs }),
  );
}

function summarize(
  { id, name, target }: HotWorkload,
  registryRounds: readonly Measurement[],
  rawRounds: readonly Measurement[],
): WorkloadResult {
  const [registry, raw] = [medianOf(registryRounds), medianOf(rawRounds)];
  const ratio = raw.cpuMicros / registry.cpuMicros;
  const spread = spreadOf(rawRounds.map((round) => round.cpuMicros));
  return {
    id,
    name,
    registry,
    raw,
    ratio,
    target,
    notes: [`yardstick spread ${(spread * 100).toFixed(0)} %`],
    isMet: ratio >= target,
    isVoid: spread > MAX_YARDSTICK_SPREAD,
  };
}

function shuffled<T>(items: readonly T[]): T[] {
  return items
    .map((item) => ({ item, order: Math.random() }))
    .sort((one, other) => one.order - other.order)
    .map(({ item }) => item);
}
