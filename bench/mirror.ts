/**
 * `node bench/mirror.ts [versions] [platforms]` (1000 and 6): a run of a mirror from an upstream on loopback: how long it
 * takes, the resident memory of the registry meanwhile, and what readers of the protocol notice, against what they notice
 * before and after it. Prints JSON. With 1 000 versions it takes half an hour.
 */
import '../scripts/typescript-imports.mjs';

const { setTimeout: sleep } = await import('node:timers/promises');
const { packTarGz } = await import('../test/support/build-fixtures.js');
const { publishModule } = await import('../test/support/publish-client.js');
const { pacedLoad, quantile } = await import('./paced-load.js');
const { residentMiB } = await import('./process-usage.js');
const { BenchServers } = await import('./servers.js');
const { startUpstream } = await import('./upstream-process.js');

const VERSIONS = Number(process.argv[2] ?? 1000);
const PLATFORMS = Number(process.argv[3] ?? 6);
const READS_PER_SECOND = 300;
const WARM_UP_MS = 10_000;
const IDLE_MS = 60_000;
const HEADERS = { 'X-Terraform-Version': '1.11.4' };

type Servers = Awaited<ReturnType<typeof BenchServers.start>>;
type Database = Awaited<ReturnType<Servers['connectDatabase']>>;
type Upstream = Awaited<ReturnType<typeof startUpstream>>;

const round = (value: number): number => Math.round(value * 100) / 100;

/** Stores a mirror that is due at once and trusts the key of the upstream. */
async function addMirror(database: Database, upstream: Upstream): Promise<void> {
  const { rows } = await database.query<{ id: string }>(
    `INSERT INTO mirrors (name, upstream_url, upstream_host, namespace_filter, key_trust, next_sync_at)
     VALUES ('bench', $1, $2, '{acme}', 'pinned', now()) RETURNING id`,
    [upstream.origin, upstream.authority],
  );
  await database.query(
    `INSERT INTO mirror_keys (mirror_id, namespace, fingerprint, armor, state, source)
     VALUES ($1, 'acme', $2, $3, 'pinned', 'administrator')`,
    [rows[0]!.id, upstream.fingerprint, upstream.armor],
  );
  await database.query(
    `INSERT INTO mirror_policies (name, policy_type, priority) VALUES ('bench', 'allow', 10000)`,
  );
  // The timer of the server looks for mirrors that are due much later.
  await database.query(`SELECT graphile_worker.add_job('check-mirrors')`);
}

/** Waits for the end of the run and gives how it ended. */
async function ended(
  database: Database,
): Promise<{ status: string; done: number; bytes: number; seconds: number }> {
  for (;;) {
    const { rows } = await database.query(
      `SELECT status, packages_done AS done, bytes_done::float8 AS bytes,
         extract(epoch FROM completed_at - started_at)::float8 AS seconds
       FROM mirror_syncs WHERE status <> 'running'`,
    );
    if (rows[0]) return rows[0] as { status: string; done: number; bytes: number; seconds: number };
    await sleep(500);
  }
}

const upstream = await startUpstream(VERSIONS, PLATFORMS);
const servers = await BenchServers.start();
try {
  await servers.stopRegistry();
  servers.extraEnvironment = {
    TFR_SECURITY_EGRESS_ALLOWLIST: upstream.host,
    // The analysis of the small module would be measured too.
    TFR_DOCUMENTATION_AT_PUBLISH: 'false',
  };
  await servers.startRegistry();
  const printed = servers.command('keys', 'create', '--name', 'bench', '--scopes', 'modules:write');
  const key = /tfr_[A-Za-z0-9_-]{43}/.exec(printed)![0];
  const archive = packTarGz([{ name: 'main.tf', data: 'variable "v" {}\n' }]);
  const call = { url: servers.url, key };
  const module = { namespace: 'bench', name: 'small', version: '1.0.0', archive };
  const answer = await publishModule(call, module);
  if (answer.status !== 201) throw new Error(`Publishing answered ${answer.status}: ${answer.body}`);
  const paths = ['/v1/modules/bench/small/aws/versions', '/v1/modules/bench/small/aws/1.0.0/download'];
  const plan = { url: servers.url, paths, perSecond: READS_PER_SECOND, headers: HEADERS };

  const database = await servers.connectDatabase();
  await pacedLoad(plan, sleep(WARM_UP_MS));
  const idle = await pacedLoad(plan, sleep(IDLE_MS));
  const before = residentMiB(servers.registry.pid).now;
  let highest = before;
  const sampler = setInterval(
    () => (highest = Math.max(highest, residentMiB(servers.registry.pid).now)),
    100,
  );
  await addMirror(database, upstream);
  const run = ended(database);
  const busy = await pacedLoad(plan, run);
  clearInterval(sampler);
  const idleAgain = await pacedLoad(plan, sleep(IDLE_MS));
  await database.end();
  const idleP99Ms = quantile([...idle.windowsP99Ms, ...idleAgain.windowsP99Ms], 0.5);
  const busyP99Ms = quantile(busy.windowsP99Ms, 0.5);
  const result = {
    ...{ versions: VERSIONS, platforms: PLATFORMS, readsPerSecond: READS_PER_SECOND },
    run: await run,
    packagesFetched: await upstream.packagesFetched(),
    residentMiB: { before: Math.round(before), highest: Math.round(highest) },
    // The median of the p99 of all windows of 20 s; beside it the p99 of everything.
    idleP99Ms: round(idleP99Ms),
    busyP99Ms: round(busyP99Ms),
    ratio: round(busyP99Ms / idleP99Ms),
    overallP99Ms: [idle, busy, idleAgain].map(({ p99Ms }) => round(p99Ms)),
  };
  process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
} finally {
  await servers.stop();
  await upstream.stop();
}
