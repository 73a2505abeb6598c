/**
 * `node bench/timing.ts [--quick] [--only keys]`: looks for secrets in the time of answers. Asks the built registry
 * on loopback for what is refused in several ways, in an order of chance, and compares the times with Welch's t. The
 * numbers are written to `bench/results/`.
 */
import '../scripts/typescript-imports.mjs';

const { runTiming } = await import('./timing-run.js');
process.exitCode = await runTiming(process.argv.slice(2));
