/**
 * `node bench/search.ts [rows ...] [--rounds n] [--calls n]`: how long searches take on tables of 1 000 to 1 000 000 rows (or of
 * the given sizes), by class of question, and how much longer on the largest than on the smallest. PostgreSQL is
 * started for it. With `--at <socket directory>` the tables of a running one are measured as they are.
 */
import '../test/support/typescript-hooks.mjs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { DataSource } from 'typeorm';
import type { Principal } from '../src/access/principal.js';
import type { SearchRequest } from '../src/search/search-request.js';
import type { Search } from '../src/search/search.service.js';

const { EmbeddedPostgres } = await import('../src/platform/database/embedded-postgres.js');
const { DatabaseConfig } = await import('../src/config/database.config.js');
const { DatabaseConnection } = await import('../src/platform/database/database-connection.js');
const { SearchModule } = await import('../src/search/search.module.js');
const { OrgsModule } = await import('../src/orgs/orgs.module.js');
const { fillSearch } = await import('./search-data.js');
const { searchOn } = await import('./search-service.js');

const SETTINGS = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  shared_buffers: '2GB',
  max_wal_size: '4GB',
};

type Question = Pick<SearchRequest, 'kinds' | 'match' | 'sort' | 'limit'> & Partial<SearchRequest>;

const ANONYMOUS: Principal = { kind: 'anonymous' };
const pick = <T>(values: readonly T[]): T => values[Math.floor(Math.random() * values.length)]!;
const FREQUENT = 'aws network module cluster storage azure google database vpc instance'.split(' ');
const base = {
  kinds: ['module', 'provider'],
  match: 'text',
  sort: 'relevance',
  limit: 20,
  withFacets: true,
} as const;

/**
 * What is asked, by class, and by people who ask all of it; `words` are some of the rare words of the table, `owner` may
 * read what is private.
 */
function questions(words: readonly string[], owner: Principal): Record<string, () => [Principal, Question]> {
  const typo = (word: string): string => `${word.slice(0, 3)}x${word.slice(3)}`;
  const classes: Record<string, () => [Principal, Question]> = {
    'rare word': () => [ANONYMOUS, { ...base, q: pick(words) }],
    'common word': () => [ANONYMOUS, { ...base, q: pick(FREQUENT) }],
    'two words': () => [ANONYMOUS, { ...base, q: `${pick(FREQUENT)} ${pick(words)}` }],
    'two common words': () => [ANONYMOUS, { ...base, q: `${pick(FREQUENT)} ${pick(FREQUENT)}` }],
    substring: () => [ANONYMOUS, { ...base, match: 'name', q: pick(words).slice(1, 5), withFacets: false }],
    typo: () => [ANONYMOUS, { ...base, q: typo(pick(words)) }],
    'filter only': () => [
      ANONYMOUS,
      { ...base, match: 'name', withFacets: false, system: pick(['vault', 'helm', 'github']) },
    ],
    'exact name': () => [
      ANONYMOUS,
      { ...base, match: 'name', withFacets: false, kinds: ['provider'], q: 'aws' },
    ],
    'sorted by downloads': () => [ANONYMOUS, { ...base, sort: 'downloads', q: pick(FREQUENT) }],
    'deep page': () => [ANONYMOUS, { ...base, match: 'name', withFacets: false, q: 'aws', offset: 9_000 }],
    'restricted caller': () => [owner, { ...base, q: pick(FREQUENT) }],
  };
  return { ...classes, 'all of these': () => pick(Object.values(classes))() };
}

/** Words by how many rows fit them, the same in tables of every size that have so many. */
const FITTING = {
  'about 100 rows': [50, 200],
  'about 1 000 rows': [500, 2_000],
  '5 000 rows and more': [5_000],
};

async function wordsBySize(dataSource: DataSource, words: readonly string[]): Promise<Map<string, string[]>> {
  const bySize = new Map<string, string[]>(Object.keys(FITTING).map((size) => [size, []]));
  for (const word of words) {
    const [row] = (await dataSource.query(
      `SELECT count(*)::int AS rows FROM (SELECT 1 FROM search_documents
         WHERE (head @@ $1::tsquery OR body @@ $1::tsquery) AND visibility <> 'private' LIMIT 12000) AS fitting`,
      [`'${word}'`],
    )) as { rows: number }[];
    for (const [size, [least, most = Infinity]] of Object.entries(FITTING))
      if (row!.rows >= least! && row!.rows <= most) bySize.get(size)!.push(word);
  }
  return bySize;
}

/** How long a question takes that nobody asked before: every call is the first of a process. */
async function measureFirst(
  dataSource: DataSource,
  words: readonly string[],
  calls: number,
): Promise<number[]> {
  const times: number[] = [];
  for (let call = 0; call < calls; call += 1) {
    const { search } = await searchOn(dataSource);
    const request = { ...base, q: words[call % words.length]! };
    const startedMs = performance.now();
    await search.find(ANONYMOUS, request);
    times.push(performance.now() - startedMs);
  }
  return times.sort((one, other) => one - other);
}

async function measure(search: Search, ask: () => [Principal, Question], calls: number): Promise<number[]> {
  const times: number[] = [];
  for (let call = 0; call < calls; call += 1) {
    const [principal, request] = ask();
    const startedMs = performance.now();
    await search.find(principal, request);
    times.push(performance.now() - startedMs);
  }
  return times.sort((one, other) => one - other);
}

const quantile = (sorted: readonly number[], part: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))]!;
const median = (values: readonly number[]): number =>
  quantile(
    [...values].sort((a, b) => a - b),
    0.5,
  );
const shown = (ms: number): string => ms.toFixed(1).padStart(7);

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '5' },
    calls: { type: 'string', default: '200' },
    at: { type: 'string' },
  },
});
const sizes = positionals.length > 0 ? positionals.map(Number) : [1_000, 10_000, 100_000, 1_000_000];
const directory = await mkdtemp(join(tmpdir(), 'search-bench-'));
const running =
  values.at === undefined ? undefined : { socketDirectory: values.at, port: 5432, user: 'registry' };
const started =
  running === undefined
    ? await EmbeddedPostgres.start({ directory, mode: 'serve', log: () => undefined, settings: SETTINGS })
    : undefined;
const postgres = running ?? started!;
try {
  await started?.ensureDatabase('search');
  const config = Object.assign(new DatabaseConfig(), {
    host: postgres.socketDirectory,
    port: postgres.port,
    user: postgres.user,
    name: 'search',
    sslMode: 'disable',
  });
  const entities = [...OrgsModule.entities, ...SearchModule.entities];
  const connection = await DatabaseConnection.open(config, { entities, mode: 'tool', log: () => undefined });
  await connection.migrator.up();
  const results = new Map<string, { p50: number; p99: number }[]>();
  for (const rows of sizes) {
    const startedMs = performance.now();
    if (started) await fillSearch(connection.dataSource, rows);
    console.log(`\n${rows} rows, filled in ${((performance.now() - startedMs) / 1000).toFixed(0)} s`);
    const rare = (await connection.dataSource.query(
      `SELECT word FROM search_words WHERE length(word) >= 6 AND word !~ '[0-9]' ORDER BY md5(word) LIMIT 400`,
    )) as { word: string }[];
    const { search, owner } = await searchOn(connection.dataSource);
    for (const [name, ask] of Object.entries(
      questions(
        rare.map(({ word }) => word),
        owner,
      ),
    )) {
      await measure(search, ask, 20);
      const rounds: number[][] = [];
      for (let round = 0; round < Number(values.rounds); round += 1)
        rounds.push(await measure(search, ask, Number(values.calls)));
      const p50 = median(rounds.map((round) => quantile(round, 0.5)));
      const p99 = median(rounds.map((round) => quantile(round, 0.99)));
      results.set(name, [...(results.get(name) ?? []), { p50, p99 }]);
      console.log(`${name.padEnd(22)} p50 ${shown(p50)} ms  p99 ${shown(p99)} ms`);
    }
    const sample = [...FREQUENT, ...rare.map(({ word }) => word)];
    for (const [size, words] of await wordsBySize(connection.dataSource, sample)) {
      if (words.length === 0) continue;
      await measureFirst(connection.dataSource, words, 20);
      const times = await measureFirst(connection.dataSource, words, 3 * Number(values.calls));
      const [p50, p99] = [quantile(times, 0.5), quantile(times, 0.99)];
      const name = `first time, ${size}`;
      results.set(name, [...(results.get(name) ?? []), { p50, p99 }]);
      console.log(`${name.padEnd(32)} p50 ${shown(p50)} ms  p99 ${shown(p99)} ms  (${words.length} words)`);
    }
  }
  console.log(
    `\n| class | ${sizes.map((rows) => `${rows} rows p50 / p99`).join(' | ')} | last ÷ first p50 / p99 |`,
  );
  console.log(`| --- |${sizes.map(() => ' --- |').join('')} --- |`);
  for (const [name, cells] of results) {
    const ratio = (of: 'p50' | 'p99') => (cells.at(-1)![of] / cells[0]![of]).toFixed(1);
    const none = Array.from({ length: sizes.length - cells.length }, () => '–');
    const row = [...none, ...cells.map(({ p50, p99 }) => `${p50.toFixed(1)} / ${p99.toFixed(1)}`)].join(
      ' | ',
    );
    console.log(`| ${name} | ${row} | ${ratio('p50')} / ${ratio('p99')} |`);
  }
  await connection.close();
} finally {
  await started?.stop();
  await rm(directory, { recursive: true, force: true });
}
process.exit();
