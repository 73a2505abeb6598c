import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, release, type } from 'node:os';
import { join } from 'node:path';
import { MAX_T, type TimingResult } from './timing-sampling.js';

const RESULTS = join(import.meta.dirname, 'results');
const HEADINGS = ['question', 'kinds', 'samples', 'median µs', 'difference µs', 'crop', '|t|', ''];

/** The results as a table for a terminal. */
export function formatTimings(results: readonly TimingResult[]): string {
  const rows = [HEADINGS, ...results.map(cellsOf)];
  const widths = HEADINGS.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map((row) => row.map((cell, column) => pad(cell, widths[column]!, column)).join('  '))
    .join('\n');
}

/** Writes the numbers to `bench/results/`; returns the path. */
export function writeTimings(results: readonly TimingResult[], options: object): string {
  mkdirSync(RESULTS, { recursive: true });
  const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '..', 'package.json'), 'utf8'));
  const at = new Date().toISOString();
  const machine = {
    cpu: cpus()[0]?.model,
    cores: cpus().length,
    os: `${type()} ${release()}`,
    load: loadavg(),
  };
  const versions = { registry: version, node: process.version };
  const path = join(RESULTS, `timing-${at.slice(0, 19).replaceAll(':', '-')}.json`);
  const written = { at, versions, machine, options: { ...options, maxT: MAX_T }, results };
  writeFileSync(path, `${JSON.stringify(written, null, 2)}\n`);
  return path;
}

function cellsOf(result: TimingResult): string[] {
  const { question, kinds, samples, medianMicros, difference, crop, t, isMet } = result;
  return [
    question,
    kinds.join(' / '),
    String(samples),
    medianMicros.map((micros) => micros.toFixed(1)).join(' / '),
    difference.toFixed(2),
    crop === 1 ? '–' : String(crop),
    t.toFixed(2),
    isMet ? '' : `above ${MAX_T}`,
  ];
}

function pad(cell: string, width: number, column: number): string {
  return column < 2 ? cell.padEnd(width) : cell.padStart(width);
}
