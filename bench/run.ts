/**
 * `npm run bench [-- --quick] [-- --only 1,2,7]`: measures the built registry against raw `node:http` on this
 * machine and prints a table; the numbers are written to `bench/results/`. Loopback only.
 */
import '../scripts/typescript-imports.mjs';

const { runBenchmark } = await import('./benchmark.js');
process.exitCode = await runBenchmark(process.argv.slice(2));
