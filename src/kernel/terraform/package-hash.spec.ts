import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { sha256Hex } from '../sha256.js';
import { directoryHash, zipHash } from './package-hash.js';

describe('the hashes of a lock file', () => {
  it('hash the sorted lines of a package (h1)', () => {
    const go = { name: 'go.mod', digest: sha256Hex('module x\n') };
    const readme = { name: 'README.md', digest: sha256Hex('hello\n') };
    const expected = createHash('sha256')
      .update(`${readme.digest}  README.md\n${go.digest}  go.mod\n`)
      .digest('base64');
    expect(directoryHash([go, readme])).toBe(`h1:${expected}`);
    expect(directoryHash([readme, go])).toBe(`h1:${expected}`);
  });

  it('are those of the command sha256sum, which defined the format', ({ skip }) => {
    const digest = sha256Hex('x');
    const lines = `${digest}  a\n${digest}  b/c\n`;
    let sum: string;
    try {
      sum = execFileSync('sha256sum', { input: lines, encoding: 'utf8' }).slice(0, 64);
    } catch {
      return skip('sha256sum is not on PATH');
    }
    const hash = directoryHash([
      { name: 'b/c', digest },
      { name: 'a', digest },
    ]);
    expect(hash).toBe(`h1:${Buffer.from(sum, 'hex').toString('base64')}`);
  });

  it('sort by bytes, not by UTF-16 units', () => {
    const digest = sha256Hex('');
    const [low, high] = ['\uFF5E', '\u{1F600}'];
    const expected = createHash('sha256').update(`${digest}  ${low}\n${digest}  ${high}\n`).digest('base64');
    expect(
      directoryHash([
        { name: high, digest },
        { name: low, digest },
      ]),
    ).toBe(`h1:${expected}`);
  });

  it('refuse a name with a line feed, which could stand for two files', () => {
    expect(() => directoryHash([{ name: 'a\nb', digest: sha256Hex('') }])).toThrow(/line feed/);
  });

  it('name the digest of the zip (zh)', () => {
    expect(zipHash(sha256Hex('abc'))).toBe(`zh:${sha256Hex('abc')}`);
  });
});
