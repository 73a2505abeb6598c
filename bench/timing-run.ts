import { BenchServers } from './servers.js';
import { TIMING_SETTINGS, timingQuestions } from './timing-questions.js';
import { formatTimings, writeTimings } from './timing-report.js';
import { sample, type TimingResult } from './timing-sampling.js';

const SIZES = {
  quick: { ordinary: 2_000, signIn: 50 },
  full: { ordinary: 20_000, signIn: 450 },
};

/** Measures and reports. Returns the exit code: 0 nothing was found, 1 something was. */
export async function runTiming(argv: readonly string[]): Promise<number> {
  const isQuick = argv.includes('--quick');
  const only = argv.includes('--only') ? (argv[argv.indexOf('--only') + 1] ?? '') : '';
  const servers = await BenchServers.start();
  try {
    await servers.stopRegistry();
    servers.extraEnvironment = TIMING_SETTINGS;
    await servers.startRegistry();
    const questions = await timingQuestions(servers, isQuick ? SIZES.quick : SIZES.full);
    const results: TimingResult[] = [];
    for (const question of questions.filter(({ id }) => id.startsWith(only))) {
      process.stderr.write(`Measuring ${question.name} …\n`);
      results.push(...(await sample(servers.registry.port, question)));
    }
    const path = writeTimings(results, { isQuick, only });
    console.log(`${formatTimings(results)}\n\nWritten to ${path}`);
    return results.every(({ isMet }) => isMet) ? 0 : 1;
  } finally {
    await servers.stop();
  }
}
