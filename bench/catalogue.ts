/**
 * `node bench/catalogue.ts [--versions 5000] [--reanalyze 1000]`: a module with thousands of versions, one with 400
 * inputs, and what readers notice of a re-analysis. Prints JSON. Loopback only.
 */
import '../scripts/typescript-imports.mjs';

const { setTimeout: sleep } = await import('node:timers/promises');
const { parseArgs } = await import('node:util');
const { tarFile, tarGz } = await import('../test/support/archives/tar-builder.js');
const { request } = await import('../test/support/http-request.js');
const { publishModule } = await import('../test/support/publish-client.js');
const { largeModule } = await import('./catalogue-data.js');
const { loadFor, requestBytes } = await import('./http-load.js');
const { measure, median, medianOf, spreadOf } = await import('./measurement.js');
const { pacedLoad } = await import('./paced-load.js');
const { residentMiB } = await import('./process-usage.js');
const { BenchServers } = await import('./servers.js');

const { values } = parseArgs({
  options: {
    versions: { type: 'string', default: '5000' },
    reanalyze: { type: 'string', default: '1000' },
    rounds: { type: 'string', default: '3' },
  },
});
const VERSIONS = Number(values.versions);
const REANALYZED = Number(values.reanalyze);
const ROUNDS = Number(values.rounds);
const LEAN = { 'X-Terraform-Version': '1.11.4' };
const READS_PER_SECOND = 300;
const PUBLISHERS = 4;

type Servers = Awaited<ReturnType<typeof BenchServers.start>>;

const say = (text: string): boolean => process.stderr.write(`${text}\n`);
const round = (value: number): number => Math.round(value * 100) / 100;

async function publishAll(
  servers: Servers,
  key: string,
  name: string,
  archives: (() => Buffer)[],
): Promise<number[]> {
  const millis: number[] = [];
  const waiting = archives.map((archive, index) => ({ archive, index }));
  await Promise.all(
    Array.from({ length: PUBLISHERS }, async () => {
      for (let next = waiting.shift(); next; next = waiting.shift()) {
        const startedMs = performance.now();
        const version = `1.${next.index}.0`;
        const call = { url: servers.url, key, timeoutMs: 120_000 };
        const answer = await publishModule(call, {
          namespace: 'bench',
          name,
          version,
          archive: next.archive(),
        });
        if (answer.status !== 201) throw new Error(`Publishing answered ${answer.status}: ${answer.body}`);
        millis[next.index] = performance.now() - startedMs;
      }
    }),
  );
  return millis;
}

/** The lean list beside a raw server with a body of the same size. */
async function hotList(servers: Servers, path: string): Promise<object> {
  const { body } = await request(`${servers.url}${path}`, { headers: LEAN });
  const listed = (JSON.parse(body.toString()) as { modules: { versions: unknown[] }[] }).modules[0]!.versions
    .length;
  const raw = await servers.startRaw(200, body.length);
  const targets = { registry: servers.registry, raw };
  const runs: Record<string, Awaited<ReturnType<typeof measure>>[]> = { registry: [], raw: [] };
  for (let index = 0; index < ROUNDS; index += 1) {
    for (const [name, { port, pid }] of Object.entries(targets)) {
      const plan = { port, connections: 32, request: requestBytes(path, LEAN), durationMs: 4_000 };
      runs[name]!.push(await measure(pid, undefined, () => loadFor(plan)));
    }
  }
  const [mine, yardstick] = [medianOf(runs['registry']!), medianOf(runs['raw']!)];
  return {
    listed,
    bytes: body.length,
    shareOfRawThroughput: round(mine.requestsPerSecond / yardstick.requestsPerSecond),
    shareOfRawCpu: round(yardstick.cpuMicros / mine.cpuMicros),
    p99Ms: round(mine.p99Ms),
    yardstickSpread: round(spreadOf(runs['raw']!.map((one) => one.requestsPerSecond))),
  };
}

async function timed(servers: Servers, path: string, count = 60): Promise<object> {
  const millis: number[] = [];
  let bytes = 0;
  for (let index = 0; index < count; index += 1) {
    const startedMs = performance.now();
    const answer = await request(`${servers.url}${path}`, { timeoutMs: 60_000 });
    if (answer.status !== 200) throw new Error(`${path} answered ${answer.status}`);
    bytes = answer.body.length;
    millis.push(performance.now() - startedMs);
  }
  millis.sort((one, other) => one - other);
  return { bytes, p50Ms: round(median(millis)), p99Ms: round(millis[Math.floor((count - 1) * 0.99)]!) };
}

async function documented(servers: Servers): Promise<Record<string, number>> {
  const database = await servers.connectDatabase();
  const { rows } = await database.query(
    `SELECT status, count(*)::int AS count, max(extract(epoch FROM analyzed_at)) AS last FROM module_documentation GROUP BY 1`,
  );
  await database.end();
  return Object.fromEntries(rows.map((row: { status: string; count: number }) => [row.status, row.count]));
}

async function settled(servers: Servers): Promise<void> {
  for (let waited = 0; waited < 1_800; waited += 1) {
    const counts = await documented(servers);
    const database = await servers.connectDatabase();
    const { rows } = await database.query(
      'SELECT count(*)::int AS jobs FROM graphile_worker.jobs WHERE run_at <= now()',
    );
    await database.end();
    if (!counts['pending'] && rows[0].jobs === 0) return;
    await sleep(1_000);
  }
  throw new Error('The analysis did not come to an end');
}

async function reanalysis(servers: Servers, key: string, paths: string[]): Promise<object> {
  const plan = { url: servers.url, paths, perSecond: READS_PER_SECOND, headers: LEAN };
  const rounds: { idle: number; busy: number; seconds: number }[] = [];
  let highest = 0;
  const sampler = setInterval(
    () => (highest = Math.max(highest, residentMiB(servers.registry.pid).now)),
    100,
  );
  for (let index = 0; index < ROUNDS; index += 1) {
    const idle = await pacedLoad(plan, sleep(15_000));
    const startedMs = performance.now();
    const answer = await request(`${servers.url}/api/v1/admin/modules/reanalyze`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: Buffer.from(JSON.stringify({ namespace: 'bench', name: 'busy', system: 'aws', only: 'all' })),
    });
    if (answer.status !== 202) throw new Error(`Re-analysis answered ${answer.status}: ${answer.body}`);
    const busy = await pacedLoad(plan, settled(servers));
    rounds.push({ idle: idle.p99Ms, busy: busy.p99Ms, seconds: (performance.now() - startedMs) / 1_000 });
    say(`  idle p99 ${round(idle.p99Ms)} ms, busy p99 ${round(busy.p99Ms)} ms`);
  }
  clearInterval(sampler);
  return {
    versions: REANALYZED,
    readsPerSecond: READS_PER_SECOND,
    rounds: rounds.map((one) => ({
      idleP99Ms: round(one.idle),
      busyP99Ms: round(one.busy),
      seconds: round(one.seconds),
    })),
    ratioOfMedians: round(median(rounds.map((one) => one.busy)) / median(rounds.map((one) => one.idle))),
    highestRssMiB: Math.round(highest),
    statuses: await documented(servers),
  };
}

const servers = await BenchServers.start();
try {
  // What is published first is analyzed when it is measured.
  await servers.stopRegistry();
  servers.extraEnvironment = { TFR_DOCUMENTATION_AT_PUBLISH: 'false' };
  await servers.startRegistry();
  const printed = servers.command(
    'keys',
    'create',
    '--name',
    'bench',
    '--scopes',
    'modules:write,providers:write',
  );
  const key = /tfr_[A-Za-z0-9_-]{43}/.exec(printed)![0];
  say(`Publishing ${VERSIONS} versions of one module …`);
  const small = (index: number): Buffer => tarGz([tarFile('main.tf', `variable "v${index}" {}\n`)]);
  const deep = await publishAll(
    servers,
    key,
    'deep',
    Array.from({ length: VERSIONS }, (_, index) => () => small(index)),
  );
  say(`Publishing ${REANALYZED} versions of a large module …`);
  await publishAll(
    servers,
    key,
    'busy',
    Array.from({ length: REANALYZED }, (_, index) => () => largeModule(60, index)),
  );
  await servers.stopRegistry();
  servers.extraEnvironment = {};
  await servers.startRegistry();
  say('Publishing a module with 400 inputs …');
  await publishAll(servers, key, 'wide', [() => largeModule(400)]);
  await settled(servers);
  await servers.stopRegistry();
  await servers.startRegistry();
  say('Measuring …');
  const first = deep.slice(0, 100);
  const last = deep.slice(-100);
  const result = {
    publish: { first100MedianMs: round(median(first)), last100MedianMs: round(median(last)) },
    leanList: await hotList(servers, '/v1/modules/bench/deep/aws/versions'),
    richList: await timed(servers, '/v1/modules/bench/deep/aws/versions?readme=false'),
    detailOf5000: await timed(servers, '/api/v1/modules/bench/deep/aws'),
    publicDetailOf5000: await timed(servers, '/v1/modules/bench/deep/aws'),
    docsOf400Inputs: await timed(servers, '/api/v1/modules/bench/wide/aws/versions/1.0.0/docs'),
    publicDetailOf400Inputs: await timed(servers, '/v1/modules/bench/wide/aws/1.0.0'),
    reanalysis: await reanalysis(servers, key, [
      '/v1/modules/bench/deep/aws/versions',
      '/v1/modules/bench/wide/aws/versions',
      '/v1/modules/bench/busy/aws/1.3.0/download',
      '/v1/modules/bench/wide/aws/1.0.0/download',
    ]),
  };
  console.log(JSON.stringify(result, null, 2));
} finally {
  await servers.stop();
}
