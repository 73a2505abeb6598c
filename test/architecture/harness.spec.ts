import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { memoryOptions } from '../../bench/memory-options.js';
import { moduleArchive, providerPackage } from '../support/build-fixtures.js';
import { PROJECT_ROOT } from '../support/build.js';

const sha256 = (data: Buffer): string => createHash('sha256').update(data).digest('hex');

describe('the packed fixtures', () => {
  it('have the same bytes on every machine', () => {
    expect(sha256(moduleArchive())).toBe('37a3bf6d9ac56ada91014c2a74f8f73ce91579a742c6a37931fac6a4dbf8c166');
    expect(sha256(providerPackage())).toBe(
      '900a02db43017989f23e28f5e444cd1d5d8b476bfbc968e17cc3386a918c08ba',
    );
  });
});

describe('the last line of a run', () => {
  const directory = mkdtempSync(join(tmpdir(), 'tfr-summary-'));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  const test = (status: string): object => ({ status, fullName: `a test that ${status}` });
  const file = (name: string, status: string, ...tests: object[]): object => ({
    name: join(PROJECT_ROOT, name),
    status,
    message: 'SyntaxError',
    assertionResults: tests,
  });

  function summaryOf(
    files: object[],
    gates: string[] = [],
    terraform = false,
  ): { status: number | null; last: string; lines: string[] } {
    const report = join(directory, 'report.json');
    writeFileSync(report, JSON.stringify({ testResults: files }));
    const folder = join(directory, terraform ? 'with' : 'without');
    mkdirSync(folder, { recursive: true });
    if (terraform) {
      writeFileSync(join(folder, 'terraform'), '');
      chmodSync(join(folder, 'terraform'), 0o755);
    }
    const script = join(PROJECT_ROOT, 'scripts', 'ci-summary.mjs');
    const options = { cwd: PROJECT_ROOT, env: { PATH: folder }, encoding: 'utf8' } as const;
    const { status, stdout } = spawnSync(process.execPath, [script, report, ...gates], options);
    const lines = stdout.trimEnd().split('\n');
    return { status, last: lines.at(-1)!, lines };
  }

  it('counts what passed and what failed', () => {
    const passed = file('src/a.spec.ts', 'passed', test('passed'), test('passed'));
    expect(summaryOf([passed])).toMatchObject({ status: 0, last: '2 passed, 0 failed' });
    const failed = file('src/b.spec.ts', 'failed', test('passed'), test('failed'));
    expect(summaryOf([passed, failed], ['tests'])).toMatchObject({ status: 1, last: '3 passed, 1 failed' });
  });

  it('shows what a failed test said', () => {
    const failed = { ...test('failed'), failureMessages: ['Error: expected 1 to be 2\n    at a.spec.ts:1'] };
    const { lines } = summaryOf([file('src/a.spec.ts', 'failed', failed)]);
    expect(lines).toContain('    Error: expected 1 to be 2');
  });

  it('counts a file that cannot be loaded, a gate that does not hold, and a run without tests', () => {
    const broken = file('src/c.spec.ts', 'failed');
    expect(summaryOf([broken])).toMatchObject({ status: 1, last: '0 passed, 1 failed' });
    const passed = file('src/a.spec.ts', 'passed', test('passed'));
    expect(summaryOf([passed], ['lint', 'types'])).toMatchObject({ status: 1, last: '1 passed, 2 failed' });
    expect(summaryOf([passed], ['tests'])).toMatchObject({ status: 1, last: '1 passed, 1 failed' });
    expect(summaryOf([])).toMatchObject({ status: 1, last: '0 passed, 1 failed' });
  });

  it('counts tests with the real CLI that were skipped although it is there', () => {
    const skipped = [
      file('src/a.spec.ts', 'passed', test('passed')),
      file('test/e2e/x.spec.ts', 'passed', test('skipped')),
    ];
    expect(summaryOf(skipped)).toMatchObject({ status: 0, last: '1 passed, 0 failed' });
    expect(summaryOf(skipped, [], true)).toMatchObject({ status: 1, last: '1 passed, 1 failed' });
  });
});

describe('the memory of the server', () => {
  it('is bounded alike with npm start, in the image, and in what is documented', () => {
    const options = memoryOptions();
    expect(readFileSync(join(PROJECT_ROOT, 'Dockerfile'), 'utf8')).toContain(`ENV NODE_OPTIONS="${options}"`);
    expect(readFileSync(join(PROJECT_ROOT, 'docs/operate/memory.md'), 'utf8')).toContain(`\`${options}\``);
  });
});
