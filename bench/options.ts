/** A run whose yardstick moves more than this between rounds does not count. */
export const MAX_YARDSTICK_SPREAD = 0.25;

/** How long and how much is measured. */
export interface BenchOptions {
  readonly isQuick: boolean;
  readonly warmMs: number;
  readonly measureMs: number;
  readonly rounds: number;
  readonly connections: number;
  /** Data set S, or a smaller one. */
  readonly data: DataSetSize;
  /** Workloads to run, by the numbers of the performance document; all when empty. */
  readonly only: readonly string[];
}

export interface DataSetSize {
  readonly name: string;
  readonly modules: number;
  readonly moduleVersions: number;
  readonly providers: number;
  readonly providerVersions: number;
}

const S: DataSetSize = { name: 'S', modules: 100, moduleVersions: 50, providers: 20, providerVersions: 50 };
const SMALL: DataSetSize = {
  name: 'small',
  modules: 20,
  moduleVersions: 50,
  providers: 1,
  providerVersions: 50,
};

export function parseOptions(argv: readonly string[]): BenchOptions {
  const isQuick = argv.includes('--quick');
  const only = argv.includes('--only') ? (argv[argv.indexOf('--only') + 1] ?? '').split(',') : [];
  const unknown = argv.filter((argument, index) => !isKnown(argument) && argv[index - 1] !== '--only');
  if (unknown.length > 0)
    throw new Error(`Unknown option ${unknown.join(' ')}; there are --quick and --only 1,2,…`);
  const times = isQuick
    ? { warmMs: 1_000, measureMs: 2_000, rounds: 3 }
    : { warmMs: 2_000, measureMs: 8_000, rounds: 5 };
  return { isQuick, ...times, connections: 32, data: isQuick ? SMALL : S, only };
}

function isKnown(argument: string): boolean {
  return argument === '--quick' || argument === '--only' || argument === '--';
}
