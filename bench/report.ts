import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, release, totalmem, type } from 'node:os';
import { join } from 'node:path';
import type { BenchOptions } from './options.js';
import type { WorkloadResult } from './result.js';

const RESULTS = join(import.meta.dirname, 'results');
const HEADINGS = [
  '#',
  'workload',
  'req/s',
  'CPU µs',
  'db µs',
  'p50 ms',
  'p99 ms',
  'raw µs',
  '÷ raw',
  'target',
  '',
];

/** The results as a table for a terminal. */
export function formatTable(results: readonly WorkloadResult[]): string {
  const rows = results.map((result) => cellsOf(result));
  const widths = HEADINGS.map((heading, column) =>
    Math.max(heading.length, ...rows.map((row) => row[column]!.length)),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => (column < 2 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
      .join('  ');
  const notes = results.flatMap((result) => result.notes.map((note) => `  ${result.id}: ${note}`));
  return [line(HEADINGS), ...rows.map(line), '', ...notes].join('\n');
}

/** Writes numbers, versions and a plot to `bench/results/`; returns the path of the numbers. */
export function writeResults(
  results: readonly WorkloadResult[],
  options: BenchOptions,
  postgres: string,
): string {
  mkdirSync(RESULTS, { recursive: true });
  const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '..', 'package.json'), 'utf8'));
  const at = new Date().toISOString();
  const machine = {
    cpu: cpus()[0]?.model,
    cores: cpus().length,
    memoryBytes: totalmem(),
    os: `${type()} ${release()}`,
  };
  const base = join(RESULTS, at.slice(0, 19).replaceAll(':', '-'));
  const versions = { registry: version, node: process.version, postgres };
  writeFileSync(`${base}.json`, `${JSON.stringify({ at, versions, machine, options, results }, null, 2)}\n`);
  writeFileSync(`${base}.svg`, plot(results));
  return `${base}.json`;
}

function cellsOf({ id, name, registry, raw, ratio, target, isMet, isVoid }: WorkloadResult): string[] {
  const number = (value: number | undefined, digits: number): string => value?.toFixed(digits) ?? '';
  return [
    id,
    name,
    number(registry?.requestsPerSecond, 0),
    number(registry?.cpuMicros, 1),
    number(registry?.databaseMicros, 1),
    number(registry?.p50Ms, 2),
    number(registry?.p99Ms, 2),
    number(raw?.cpuMicros, 1),
    number(ratio, 2),
    target === undefined ? '' : `≥ ${target}`,
    isVoid ? 'void' : isMet ? 'met' : 'missed',
  ];
}

/** One bar for each workload with a ratio, and a mark at its target. */
function plot(results: readonly WorkloadResult[]): string {
  const bars = results.filter(({ ratio }) => ratio !== undefined);
  const rows = bars.map(({ id, name, ratio = 0, target = 0, isMet }, index) => {
    const y = 20 + index * 30;
    const width = Math.min(ratio, 1.4) * 400;
    return (
      `<text x="210" y="${y + 14}" text-anchor="end">${id} ${name}</text>` +
      `<rect x="220" y="${y}" width="${width.toFixed(0)}" height="20" fill="${isMet ? '#4a8' : '#c64'}"/>` +
      `<line x1="${220 + target * 400}" x2="${220 + target * 400}" y1="${y - 3}" y2="${y + 23}" stroke="#000"/>` +
      `<text x="${(226 + width).toFixed(0)}" y="${y + 14}">${ratio.toFixed(2)}</text>`
    );
  });
  const height = 50 + bars.length * 30;
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="850" height="${height}" font-family="sans-serif" font-size="12">` +
    `<rect width="850" height="${height}" fill="#fff"/>${rows.join('')}` +
    `<text x="220" y="${height - 10}">CPU of raw node:http ÷ CPU of the registry; line = target</text></svg>\n`
  );
}
