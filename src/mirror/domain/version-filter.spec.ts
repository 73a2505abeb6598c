import fc from 'fast-check';
import semver from 'semver';
import { describe, expect, it } from 'vitest';
import { leastCpuMs } from '../../../test/support/cpu-time.js';
import { InvalidVersionFilter } from './mirror-settings.errors.js';
import { parseUpstreamVersion, type UpstreamVersion } from './upstream-version.js';
import { VersionFilter } from './version-filter.js';

const VERSIONS = [
  '0.9.0', '2.9.9', '3.0.0', '3.0.1', '3.1.0', '3.10.0', '3.10.1', '4.0.0-beta.1', '4.0.0-rc.1', '4.0.0',
  '30.0.0', '5.0.0-alpha',
]; // prettier-ignore

const read = (text: string): UpstreamVersion => parseUpstreamVersion(text)!;
const selected = (filter: string | null | undefined, versions: readonly string[] = VERSIONS): string[] =>
  VersionFilter.parse(filter)
    .select(versions.map(read))
    .map(({ text }) => text);

function refusal(filter: string): string {
  try {
    VersionFilter.parse(filter);
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidVersionFilter);
    expect(error).toMatchObject({ kind: 'invalid', code: 'invalid_version_filter' });
    return (error as Error).message;
  }
  throw new Error(`${JSON.stringify(filter)} was accepted`);
}

const stable = VERSIONS.filter((text) => !text.includes('-'));

describe('a version filter (REST contract, section 20)', () => {
  it.each([
    ['', stable],
    ['  ', stable],
    [null, stable],
    [undefined, stable],
    ['latest:1', ['30.0.0']],
    ['latest:3', ['3.10.1', '4.0.0', '30.0.0']],
    ['latest:9999', stable],
    ['3.', ['3.0.0', '3.0.1', '3.1.0', '3.10.0', '3.10.1']],
    ['3.x', ['3.0.0', '3.0.1', '3.1.0', '3.10.0', '3.10.1']],
    ['3', ['3.0.0', '3.0.1', '3.1.0', '3.10.0', '3.10.1']],
    ['3.1', ['3.1.0']],
    ['3.10.x', ['3.10.0', '3.10.1']],
    ['3.10.', ['3.10.0', '3.10.1']],
    ['v3.10', ['3.10.0', '3.10.1']],
    ['3.0.1', ['3.0.1']],
    ['v3.0.1', ['3.0.1']],
    ['4', ['4.0.0']],
    ['4.0.0-rc.1', ['4.0.0-rc.1']],
    ['3.0, 4.0.0-rc.1 ,30.0.0', ['3.0.0', '3.0.1', '4.0.0-rc.1', '30.0.0']],
    ['>= 3.1, < 4', ['3.1.0', '3.10.0', '3.10.1']],
    ['~> 3.0', ['3.0.0', '3.0.1', '3.1.0', '3.10.0', '3.10.1']],
    ['~> 3.0.0', ['3.0.0', '3.0.1']],
    ['!= 3.0.0, ~> 3.0.0', ['3.0.1']],
    ['= 4.0.0-rc.1', ['4.0.0-rc.1']],
    ['>= 4.0.0-beta.1', ['4.0.0-beta.1', '4.0.0', '30.0.0']],
    ['> 4.0.0-beta.1', ['4.0.0', '30.0.0']],
    ['!= 4.0.0-rc.1, = 4.0.0-rc.1', []],
    ['6.x', []],
  ])('%j selects %j', (filter, expected) => {
    expect(selected(filter)).toEqual(expected);
  });

  it.each([
    ['latest', 'latest:N'], ['latest:0', 'latest:N'], ['latest:-1', 'latest:N'], ['latest:x', 'latest:N'],
    ['latest:10000', 'latest:N'], ['Latest:3', 'latest:N'], ['latest:3, 3.x', 'latest:N'],
    ['*', 'cannot be read'], ['all', 'cannot be read'], ['3.*', 'cannot be read'], ['3.x.x', 'cannot be read'],
    ['x', 'cannot be read'], ['3.1.2.', 'cannot be read'], ['3.1.2.x', 'cannot be read'], ['3..x', 'cannot be read'],
    ['3.1.2.4', 'cannot be read'], ['03.x', 'cannot be read'], ['99999999999.x', 'cannot be read'],
    ['1.0 - 2.0', 'cannot be read'], ['1.0 2.0', 'cannot be read'], ['^1.0', 'cannot be read'],
    ['1.0.0,,2.0.0', 'empty item'], ['3.x,', 'empty item'], [',', 'empty item'],
    ['3.x, >= 4.0', 'mixes'], ['>= 3.0, 4.0.0', 'mixes'],
    ['>=', 'terms like'], ['>= 3.x', 'MAJOR.MINOR.PATCH'], ['=> 3.0', 'terms like'], ['>= 3.0 || < 2', 'terms like'],
    ['\u0000', 'cannot be read'], [`${'1.0.0,'.repeat(200)}1.0.0`, 'at most 1024'],
  ])('%j is refused, never taken for all', (filter, sentence) => {
    expect(refusal(filter)).toContain(sentence);
    expect(refusal(filter)).toMatch(/^Invalid version filter: [\x20-\x7e…]+$/);
  }); // prettier-ignore

  it('takes build metadata as part of an exact name only', () => {
    const versions = ['1.0.0', '1.0.0+b1', '1.0.0+b2', '1.1.0'];
    expect(selected('1.0.0+b1', versions)).toEqual(['1.0.0+b1']);
    expect(selected('1.0.0', versions)).toEqual(['1.0.0']);
    expect(selected('1.0', versions)).toEqual(['1.0.0', '1.0.0+b1', '1.0.0+b2']);
    expect(selected('latest:2', versions)).toEqual(['1.0.0+b2', '1.1.0']);
  });

  it('is read in a time that grows with its length only', async () => {
    const worst = ['0'.repeat(1024), '1.'.repeat(512), '>='.repeat(512), `${'v'.repeat(1023)}1`];
    const ms = await leastCpuMs(() =>
      worst.forEach((text) => expect(() => VersionFilter.parse(text)).toThrow()),
    );
    expect(ms).toBeLessThan(50);
  });
});

const number = fc.nat({ max: 12 });
const prerelease = fc.constantFrom('', '', '', '-rc.1', '-alpha');
const version = fc.tuple(number, number, number, prerelease).map(([a, b, c, pre]) => `${a}.${b}.${c}${pre}`);
const versions = fc.uniqueArray(version, { maxLength: 30 });
const isStable = (text: string): boolean => !text.includes('-');

describe('a version filter against naive models', () => {
  it('takes the N newest stable versions', () => {
    fc.assert(
      fc.property(versions, fc.integer({ min: 1, max: 40 }), (listed, count) => {
        const newest = new Set(listed.filter(isStable).sort(semver.rcompare).slice(0, count));
        expect(selected(`latest:${count}`, listed)).toEqual(listed.filter((one) => newest.has(one)));
      }),
    );
  });

  it('takes by prefix what begins with the text of the prefix', () => {
    const ending = fc.constantFrom('', '.', '.x');
    const prefix = fc.oneof(
      number.map(String),
      fc.tuple(number, number).map((pair) => pair.join('.')),
    );
    fc.assert(
      fc.property(
        versions,
        fc.array(fc.tuple(prefix, ending), { minLength: 1, maxLength: 3 }),
        (listed, wanted) => {
          const expected = listed.filter(
            (one) => isStable(one) && wanted.some(([text]) => one.startsWith(`${text}.`)),
          );
          expect(selected(wanted.map((pair) => pair.join('')).join(', '), listed)).toEqual(expected);
        },
      ),
    );
  });

  it('takes by constraint what satisfies every term, and of pre-releases only named ones', () => {
    const operator = fc.constantFrom('=', '!=', '>', '>=', '<', '<=');
    const holds: Record<string, (order: number) => boolean> = {
      '=': (order) => order === 0,
      '!=': (order) => order !== 0,
      '>': (order) => order > 0,
      '>=': (order) => order >= 0,
      '<': (order) => order < 0,
      '<=': (order) => order <= 0,
    };
    fc.assert(
      fc.property(
        versions,
        fc.array(fc.tuple(operator, version), { minLength: 1, maxLength: 3 }),
        (listed, terms) => {
          const expected = listed.filter(
            (one) =>
              terms.every(([sign, bound]) => holds[sign]!(semver.compare(one, bound))) &&
              (isStable(one) || terms.some(([, bound]) => bound === one)) &&
              // An ordering term speaks of pre-releases of its own three numbers only.
              (isStable(one) ||
                terms.every(
                  ([sign, bound]) =>
                    /^!?=$/.test(sign) || (bound.split('-')[0] === one.split('-')[0] && bound.includes('-')),
                )),
          );
          expect(selected(terms.map((term) => term.join(' ')).join(', '), listed)).toEqual(expected);
        },
      ),
    );
  });

  it('takes of an exact list what is on it', () => {
    fc.assert(
      fc.property(versions, fc.uniqueArray(version, { minLength: 1, maxLength: 8 }), (listed, wanted) => {
        expect(selected(wanted.join(','), listed)).toEqual(listed.filter((one) => wanted.includes(one)));
      }),
    );
  });

  it('either reads a text or refuses it with its own error', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 40 }),
      fc.stringMatching(/^[0-9.x,v<>=!~ a-z:+*-]{0,40}$/),
    );
    fc.assert(
      fc.property(text, (filter) => {
        try {
          expect(VersionFilter.parse(filter).select([])).toEqual([]);
        } catch (error) {
          expect(error).toBeInstanceOf(InvalidVersionFilter);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe('a version filter that wants pre-releases', () => {
  const with4 = (filter: string): string[] =>
    VersionFilter.parse(filter, { withPrereleases: true })
      .select(VERSIONS.map(read))
      .map(({ text }) => text);

  it.each([
    ['', VERSIONS],
    ['latest:3', ['4.0.0', '30.0.0', '5.0.0-alpha']],
    ['4', ['4.0.0-beta.1', '4.0.0-rc.1', '4.0.0']],
    ['>= 4.0.0-rc.1', ['4.0.0-rc.1', '4.0.0', '30.0.0', '5.0.0-alpha']],
    ['> 3.10.1, < 5', ['4.0.0-beta.1', '4.0.0-rc.1', '4.0.0']],
    ['< 4.0.0', ['0.9.0', '2.9.9', '3.0.0', '3.0.1', '3.1.0', '3.10.0', '3.10.1']],
    ['~> 4.0', ['4.0.0']],
    ['3.0.1', ['3.0.1']],
    ['!= 4.0.0', VERSIONS.filter((text) => text !== '4.0.0')],
  ])('reads %j', (filter, wanted) => expect(with4(filter)).toEqual(wanted));
});
