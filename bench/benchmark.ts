import { runColdMiss } from './cold-miss.js';
import { runColdStart } from './cold-start.js';
import { hideNamespace, PRIVATE_NAMESPACE, publishDataSet } from './data-set.js';
import { countIsExact } from './download-counts.js';
import { isWanted, runHotWorkloads } from './hot-workloads.js';
import { withIdleDatabase } from './idle-database.js';
import { runLargeUploads } from './large-upload.js';
import { type BenchOptions, parseOptions } from './options.js';
import { formatTable, writeResults } from './report.js';
import type { WorkloadResult } from './result.js';
import { BenchServers } from './servers.js';

/** Runs what was asked for and reports it. Returns the exit code: 0 everything met, 1 not, 2 void. */
export async function runBenchmark(argv: readonly string[]): Promise<number> {
  const options = parseOptions(argv);
  const say = (text: string): boolean => process.stderr.write(`${text}\n`);
  const servers = await BenchServers.start();
  try {
    const key = /tfr_[A-Za-z0-9_-]{43}/.exec(
      servers.command('keys', 'create', '--name', 'bench', '--scopes', 'modules:write,providers:write'),
    )?.[0];
    if (key === undefined) throw new Error('The command printed no key');
    say(`Publishing data set ${options.data.name} …`);
    await publishDataSet({ url: servers.url, key, timeoutMs: 120_000 }, options.data);
    say('Measuring …');
    const results = await runWorkloads(servers, options, key);
    const path = writeResults(results, options, await postgresVersion(servers));
    console.log(`${formatTable(results)}\n\nWritten to ${path}`);
    if (results.some(({ isVoid }) => isVoid)) return 2;
    return results.every(({ isMet }) => isMet) ? 0 : 1;
  } finally {
    await servers.stop();
  }
}

async function runWorkloads(
  servers: BenchServers,
  options: BenchOptions,
  key: string,
): Promise<WorkloadResult[]> {
  // A fresh process: what publishing left behind in memory is not part of any workload.
  await servers.stopRegistry();
  const database = await servers.connectDatabase();
  await hideNamespace(database, PRIVATE_NAMESPACE);
  await database.end();
  await servers.startRegistry();
  const {
    result: results,
    note,
    isIdle,
  } = await withIdleDatabase(servers, () => runHotWorkloads(servers, options, key));
  const wrong = isWanted('2', options) ? await countIsExact(servers, options) : undefined;
  const checked = results.map((result) => {
    if (result.id === '1')
      return { ...result, isMet: result.isMet && isIdle, notes: [...result.notes, note] };
    if (result.id !== '2') return result;
    const counted = wrong ?? 'every download was counted once';
    return { ...result, isMet: result.isMet && !wrong, notes: [...result.notes, counted] };
  });
  if (isWanted('7', options)) checked.push(await runColdMiss(servers, options));
  if (isWanted('15', options)) checked.push(await runColdStart(servers, options));
  if (isWanted('13', options)) checked.push(...(await runLargeUploads(servers, key)));
  return checked;
}

async function postgresVersion(servers: BenchServers): Promise<string> {
  const client = await servers.connectDatabase();
  const { rows } = await client.query('SHOW server_version');
  await client.end();
  return String(rows[0].server_version);
}
