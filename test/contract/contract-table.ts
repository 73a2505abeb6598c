import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import type { ContractResult } from './contract-results.js';

let directory: string;

/** Vitest global setup: collects how each backend passed the contract, and prints one table when the run ends. */
export function setup(project: TestProject): void {
  directory = mkdtempSync(join(tmpdir(), 'contract-results-'));
  project.provide('contractResults', directory);
}

export function teardown(): void {
  const results = readdirSync(directory).map(
    (name) => JSON.parse(readFileSync(join(directory, name), 'utf8')) as ContractResult,
  );
  rmSync(directory, { recursive: true });
  if (results.length > 1) console.log(contractTable(results));
}

const TITLE_WIDTH = 88;
const MIN_CELL_WIDTH = 7;
const MARKS: Record<string, string> = { pass: '✓', fail: '✗' };

/** A backend: how each case went, by its title. */
interface Column {
  readonly backend: string;
  readonly states: ReadonlyMap<string, string>;
}

/** Cases as rows, backends as columns, the sums, and what the backends cannot show. */
export function contractTable(results: readonly ContractResult[]): string {
  const sorted = [...results].sort((one, other) => one.backend.localeCompare(other.backend));
  const columns = sorted.map(({ backend, cases }) => ({
    backend,
    states: new Map(cases.map(({ group, title, state }) => [group ? `${group}: ${title}` : title, state])),
  }));
  // In the order of the suite, which the backend with the fewest gaps has best.
  const complete = columns.map(({ states }) => states).sort((one, other) => other.size - one.size);
  const titles = [...new Set(complete.flatMap((states) => [...states.keys()]))];
  return [
    '',
    line('Contract cases × backends', columns, ({ backend }) => backend),
    ...titles.map((title) => line(title, columns, ({ states }) => markOf(states.get(title)))),
    line(`${titles.length} cases: passed`, columns, ({ states }) => countOf(states, true)),
    line('failed or skipped', columns, ({ states }) => countOf(states, false)),
    ...sorted.flatMap(gapsOf),
    '',
  ].join('\n');
}

function line(title: string, columns: readonly Column[], cellOf: (column: Column) => string): string {
  const cells = columns.map((column) =>
    cellOf(column).padStart(Math.max(column.backend.length, MIN_CELL_WIDTH)),
  );
  return [title.slice(0, TITLE_WIDTH).padEnd(TITLE_WIDTH), ...cells].join('  ');
}

/** A case that a backend does not have is one of its gaps. */
function markOf(state: string | undefined): string {
  return state === undefined ? '–' : (MARKS[state] ?? state);
}

function countOf(states: ReadonlyMap<string, string>, isPassed: boolean): string {
  return String([...states.values()].filter((state) => (state === 'pass') === isPassed).length);
}

function gapsOf({ backend, gaps }: ContractResult): string[] {
  return Object.entries(gaps).map(
    ([title, reason]) => `– ${backend}: "${title.slice(0, TITLE_WIDTH)}": ${reason}`,
  );
}
