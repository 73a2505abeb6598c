import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeEach, inject, type RunnerTestCase } from 'vitest';
import type { ContractGaps } from './contract-cases.js';

/** One case of a contract as a backend passed it. */
export interface ContractCase {
  /** Titles of the groups it stands in, without that of the suite. */
  readonly group: string;
  readonly title: string;
  readonly state: string;
}

/** What the suite of one backend left behind. */
export interface ContractResult {
  readonly backend: string;
  readonly cases: readonly ContractCase[];
  readonly gaps: ContractGaps;
}

declare module 'vitest' {
  interface ProvidedContext {
    /** A directory for results; there in a run that prints the table. */
    contractResults: string;
  }
}

/** Called in the suite of a backend: notes at its end how each of its cases went, for the table of the run. */
export function recordContract(backend: string, gaps: ContractGaps): void {
  const directory = inject('contractResults');
  if (directory === undefined) return;
  const tests: RunnerTestCase[] = [];
  beforeEach(({ task }) => void tests.push(task));
  afterAll(() => {
    const cases = tests.map(({ suite, name, result }) => ({
      group: suite?.suite === undefined ? '' : suite.name,
      title: name,
      state: result?.state ?? 'not run',
    }));
    const text = JSON.stringify({ backend, gaps, cases } satisfies ContractResult);
    writeFileSync(join(directory, `${backend.replaceAll(/\W+/g, '-')}.json`), text);
  });
}
