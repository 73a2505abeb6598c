import fc from 'fast-check';
import semver from 'semver';
import { describe, expect, it } from 'vitest';
import { leastCpuMs } from '../../../test/support/cpu-time.js';
import { InvalidVersion } from './terraform.errors.js';
import { Version } from './version.js';

const number = fc.oneof(fc.nat({ max: 30 }), fc.nat({ max: 2 ** 31 - 1 }));
const identifier = fc.oneof(
  fc.nat({ max: 30 }).map(String),
  fc.nat().map(String),
  fc.stringMatching(/^[0-9A-Za-z-]{0,4}[A-Za-z-][0-9A-Za-z-]{0,4}$/),
);
const canonical = fc
  .tuple(number, number, number, fc.array(identifier, { maxLength: 3 }))
  .map(([a, b, c, pre]) => `${a}.${b}.${c}${pre.length > 0 ? `-${pre.join('.')}` : ''}`)
  .filter((text) => text.length <= 64);

/** The grammar of semver.org without build metadata, as an independent reference. */
const REFERENCE =
  /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-((?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(?:\.(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*))?$/;

function refusal(text: string): string {
  try {
    Version.parse(text);
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidVersion);
    expect(error).toMatchObject({ kind: 'invalid', code: 'invalid_version' });
    return (error as Error).message;
  }
  throw new Error(`${JSON.stringify(text)} was accepted`);
}

describe('reading a version', () => {
  it.each([
    ['1.2.3', '1.2.3'],
    ['v1.2.3', '1.2.3'],
    ['v1.2', '1.2.0'],
    ['1.0', '1.0.0'],
    ['1', '1.0.0'],
    ['v1-rc.1', '1.0.0-rc.1'],
    ['1.2-beta', '1.2.0-beta'],
    ['0.0.0', '0.0.0'],
    ['1.0.0--', '1.0.0--'],
    ['1.0.0-0a', '1.0.0-0a'],
    ['2147483647.0.0', '2147483647.0.0'],
    ['1.0.0-20260131235959', '1.0.0-20260131235959'],
    [`1.0.0-${'a'.repeat(58)}`, `1.0.0-${'a'.repeat(58)}`],
  ])('completes %s to %s (checklist 42)', (text, expected) => {
    expect(Version.parse(text).text).toBe(expected);
  });

  it.each([
    '',
    ' ',
    '1.2.3.4',
    '01.0.0',
    '1.00.0',
    '1.0.0-01',
    '1.0.0-',
    '1.0.0-a..b',
    '1.0.0-.a',
    ' 1.0.0',
    '1.0.0 ',
    '1.0.0\n',
    'V1.0.0',
    'vv1',
    'v',
    '=1.0.0',
    '1.',
    '.1',
    '1..0',
    '-1.0.0',
    '1e3',
    '1.0.0-ä',
    '1.0.0_a',
    '١.٠.٠',
    '\uFF11.\uFF10.\uFF10',
    '2147483648.0.0',
    '1.2147483648.0',
    '99999999999999999999.0.0',
    '1.0.0-99999999999999999999',
    '1.0.0\0',
    'banana',
    'latest',
    `1.0.0-${'a'.repeat(59)}`,
    `v1-${'a'.repeat(60)}`,
  ])('refuses %j (checklist 67)', (text) => {
    expect(refusal(text)).toMatch(/^Invalid version format: /);
    expect(Version.tryParse(text)).toBeUndefined();
  });

  it.each(['1.0.0+a', '1.0.0-rc.1+b', 'v1+b1', '1.0.0+'])('refuses build metadata in %s by name', (text) => {
    expect(refusal(text)).toBe('Invalid version format: build metadata (+…) is not accepted');
  });

  it('does not call every plus sign build metadata', () => {
    expect(refusal('banana+1')).not.toContain('build metadata');
  });

  it('agrees with the reference grammar on 10,000 generated strings', () => {
    const almost = fc
      .tuple(canonical, fc.nat({ max: 80 }), fc.constantFrom(...'0123456789.-+vab \t_Ā٣'.split(''), ''))
      .map(([text, at, by]) => text.slice(0, at) + by + text.slice(at + 1));
    const valid = (text: string): boolean => {
      const match = REFERENCE.exec(text);
      const numbers = match?.slice(1, 4).map(Number) ?? [];
      const longNumbers = match?.[4]?.split('.').some((part) => /^\d{16,}$/.test(part)) ?? false;
      return match !== null && text.length <= 64 && numbers.every((n) => n < 2 ** 31) && !longNumbers;
    };
    fc.assert(
      fc.property(fc.oneof(almost, canonical, fc.string({ unit: 'binary' })), (text) => {
        const parsed = Version.tryParse(text);
        expect(parsed !== undefined && parsed.text === text).toBe(valid(text));
      }),
      { numRuns: 10_000 },
    );
  });

  it('keeps its canonical form when read again', () => {
    fc.assert(
      fc.property(canonical, fc.constantFrom('', 'v'), (text, prefix) => {
        const version = Version.parse(prefix + text);
        expect(version.text).toBe(semver.valid(text));
        expect(Version.parse(version.text)).toEqual(version);
        expect(version.isPrerelease).toBe(semver.prerelease(text) !== null);
      }),
      { numRuns: 2_000 },
    );
  });

  it('refuses adversarial texts of 1 MB in under 5 ms each', () => {
    const size = 1_000_000;
    for (const text of [
      '1'.repeat(size),
      '1.'.repeat(size / 2),
      `1.0.0-${'a.'.repeat(size / 2)}`,
      '+'.repeat(size),
    ]) {
      const ms = leastCpuMs(() => {
        expect(Version.tryParse(text)).toBeUndefined();
      });
      expect(ms).toBeLessThan(5);
    }
  });
});

describe('ordering versions', () => {
  it('is the precedence of semantic versioning, also by the bytes of the sort key', () => {
    fc.assert(
      fc.property(canonical, canonical, (left, right) => {
        const expected = semver.compare(left, right);
        const a = Version.parse(left);
        const b = Version.parse(right);
        expect(Math.sign(a.compare(b))).toBe(expected);
        expect(Buffer.compare(Buffer.from(a.sortKey), Buffer.from(b.sortKey))).toBe(expected);
      }),
      { numRuns: 5_000 },
    );
  });

  it('follows the example of semver.org', () => {
    const ordered = [
      '1.0.0-alpha',
      '1.0.0-alpha.1',
      '1.0.0-alpha.beta',
      '1.0.0-beta',
      '1.0.0-beta.2',
      '1.0.0-beta.11',
      '1.0.0-rc.1',
      '1.0.0',
      '1.0.1-zzz',
      '1.0.1',
      '1.10.0',
      '2.0.0',
      '10.0.0',
    ];
    const shuffled = [...ordered].reverse().map((text) => Version.parse(text));
    expect(shuffled.sort((a, b) => a.compare(b)).map(String)).toEqual(ordered);
  });
});

describe('the latest version', () => {
  const entry = (version: string, deprecated = false) => ({ version, deprecated });

  it('is the highest stable one that is not deprecated', () => {
    const found = Version.latest([
      entry('1.9.0'),
      entry('1.10.0'),
      entry('2.0.0', true),
      entry('3.0.0-rc.1'),
    ]);
    expect(found?.version).toBe('1.10.0');
  });

  it('is the highest deprecated stable one before any pre-release', () => {
    const found = Version.latest([entry('1.0.0', true), entry('1.1.0', true), entry('2.0.0-rc.1')]);
    expect(found?.version).toBe('1.1.0');
  });

  it('is the highest pre-release when there is nothing else', () => {
    expect(Version.latest([entry('1.0.0-rc.2'), entry('1.0.0-rc.10')])?.version).toBe('1.0.0-rc.10');
  });

  it('is undefined when there is no version', () => {
    expect(Version.latest([])).toBeUndefined();
  });
});

describe('a version with build metadata, as upstreams have it', () => {
  it.each(['1.2.3', '1.2.3+build', '1.2.3+b.1-x.007', '1.2.3-rc.1+b'])('is its exact text: %s', (text) => {
    const version = Version.parseExact(text);
    expect([version.text, version.major, version.isPrerelease]).toEqual([text, 1, text.includes('-rc')]);
  });

  it.each(['1.2', 'v1.2.3', '01.2.3', '1.2.3+', '1.2.3+a..b', '1.2.3+ä', '1.2.3+a+b', '', '1.2.3+a b'])(
    'is not "%s"',
    (text) => {
      expect(() => Version.parseExact(text)).toThrow(InvalidVersion);
    },
  );

  it('has at most 128 characters', () => {
    const text = `1.0.0+${'a'.repeat(122)}`;
    expect(Version.parseExact(text).text).toBe(text);
    expect(() => Version.parseExact(`${text}a`)).toThrow('at most 128 characters');
  });

  it('comes after the same one without it, and before the next one', () => {
    const ordered = [
      '1.0.0-rc',
      '1.0.0-rc+z',
      '1.0.0-rc.1',
      '1.0.0',
      '1.0.0+0',
      '1.0.0+a',
      '1.0.0+a.1',
      '1.0.1-0',
    ];
    const shuffled = ordered.toReversed().map((text) => Version.parseExact(text));
    expect(shuffled.sort((a, b) => a.compare(b)).map(String)).toEqual(ordered);
    expect(new Set(shuffled.map(({ sortKey }) => sortKey)).size).toBe(ordered.length);
  });

  it('may be the latest', () => {
    const entry = (version: string) => ({ version, deprecated: false });
    expect(Version.latest([entry('1.0.0'), entry('1.0.0+b'), entry('2.0.0-rc.1+b')])?.version).toBe(
      '1.0.0+b',
    );
  });
});
