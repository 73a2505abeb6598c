/**
 * `node scripts/ci-summary.mjs <vitest json> [failed gate…]`: lists what failed and what was skipped, prints
 * `N passed, M failed` as its last line, and exits with 1 unless M is 0. Tests with the real CLI that were skipped
 * although `terraform` is on PATH are failures.
 */
import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { delimiter, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

function isOnPath(name) {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** What a test said when it failed, after its name. */
function firstLine(message) {
  return message ? `\n    ${message.split('\n', 1)[0]}` : '';
}

/** Counts and names from Vitest's JSON; a file that could not even be loaded is one failure. */
export function summarize(report, { terraformIsThere }) {
  const failures = [];
  const skipped = [];
  let passed = 0;
  for (const file of report.testResults) {
    const name = relative('', file.name);
    const tests = file.assertionResults ?? [];
    for (const test of tests) {
      const label = `${name}: ${test.fullName}`;
      if (test.status === 'passed') passed += 1;
      else if (test.status === 'failed') failures.push(`${label}${firstLine(test.failureMessages?.[0])}`);
      else skipped.push(label);
    }
    if (file.status === 'failed' && !tests.some((test) => test.status === 'failed'))
      failures.push(`${name}: ${file.message}`);
  }
  if (terraformIsThere) {
    const realCli = skipped.filter((label) => label.startsWith(join('test', 'e2e')));
    failures.push(...realCli.map((label) => `skipped although terraform is on PATH: ${label}`));
  }
  if (passed + failures.length === 0) failures.push('no test was run');
  return { passed, failures, skipped };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [file, ...failedGates] = process.argv.slice(2);
  const report = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
  const { passed, failures, skipped } = report
    ? summarize(report, { terraformIsThere: isOnPath('terraform') })
    : { passed: 0, failures: ['the tests left no report'], skipped: [] };
  // Failing tests fail the gate that runs them; that is not one failure more.
  const gates = failedGates.filter((gate) => gate !== 'tests' || failures.length === 0);
  if (skipped.length > 0) console.log(`\nSkipped:\n${skipped.map((label) => `  ${label}`).join('\n')}`);
  const all = [...gates.map((gate) => `gate: ${gate}`), ...failures];
  if (all.length > 0) console.log(`\nFailed:\n${all.map((label) => `  ${label}`).join('\n')}`);
  console.log(`${passed} passed, ${all.length} failed`);
  process.exitCode = all.length === 0 ? 0 : 1;
}
