import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { leastCpuMs } from '../../../test/support/cpu-time.js';
import { Platform } from '../../kernel/terraform/platform.js';
import { Glob } from './glob.js';
import { InvalidNameFilter, InvalidPlatformFilter } from './mirror-settings.errors.js';
import { NameFilter } from './name-filter.js';
import { PlatformFilter } from './platform-filter.js';

const glob = fc.stringMatching(/^[ab*?]{1,8}$/);
const name = fc.stringMatching(/^[ab]{0,10}$/);

/** The definition, without any thought of speed. */
function matchesNaively(pattern: string, text: string): boolean {
  if (pattern === '') return text === '';
  if (pattern[0] === '*') {
    return matchesNaively(pattern.slice(1), text) || (text !== '' && matchesNaively(pattern, text.slice(1)));
  }
  if (text === '') return false;
  return (pattern[0] === '?' || pattern[0] === text[0]) && matchesNaively(pattern.slice(1), text.slice(1));
}

describe('a glob', () => {
  it('matches as its definition says', () => {
    fc.assert(
      fc.property(glob, name, (pattern, text) => {
        expect(Glob.tryParse(pattern)!.matches(text)).toBe(matchesNaively(pattern, text));
      }),
      { numRuns: 5000 },
    );
  });

  it('does not care for case, and takes nothing for a regular expression', () => {
    expect(Glob.tryParse('HashiCorp')!.matches('hashicorp')).toBe(true);
    expect(Glob.tryParse('a-b_c')!.matches('a-b_c')).toBe(true);
    for (const text of [
      '',
      '.',
      '.*',
      'a.b',
      '(a+)+',
      '[a-z]',
      'a|b',
      'a/b',
      ' a',
      'ä',
      'a'.repeat(65),
      7,
      null,
    ]) {
      expect(Glob.tryParse(text), String(text)).toBeUndefined();
    }
  });

  it('takes no longer for a hostile pattern', async () => {
    const hostile = Glob.tryParse(`${'*a'.repeat(31)}*b`)!;
    const text = 'a'.repeat(64);
    const ms = await leastCpuMs(() => {
      for (let run = 0; run < 100; run += 1) expect(hostile.matches(text)).toBe(false);
    });
    expect(ms).toBeLessThan(100);
    expect(hostile.matches('a'.repeat(100_000))).toBe(false);
  });
});

describe('a name filter (REST contract, section 20)', () => {
  const NAMES = ['hashicorp/aws', 'hashicorp/random', 'acme/aws', 'acme/widget', 'acme-labs/widget'];
  const wanted = (filter: NameFilter): string[] =>
    NAMES.filter((text) => {
      const [namespace = '', type = ''] = text.split('/');
      return filter.wants({ namespace, type });
    });

  it.each([
    [['acme'], [], ['acme/aws', 'acme/widget'], ['namespace:acme']],
    [[], ['aws'], ['hashicorp/aws'], ['provider:hashicorp/aws']],
    [
      ['acme', 'hashicorp'],
      ['aws'],
      ['hashicorp/aws', 'acme/aws'],
      ['provider:acme/aws', 'provider:hashicorp/aws'],
    ],
    [['acme*'], ['widget'], ['acme/widget', 'acme-labs/widget'], ['all']],
    [['acme'], ['w*', 'aws'], ['acme/aws', 'acme/widget'], ['namespace:acme', 'provider:acme/aws']],
    [['ACME'], ['AWS'], ['acme/aws'], ['provider:acme/aws']],
    [[], [], [], []],
    [null, undefined, [], []],
    [['*'], [], NAMES, ['all']],
  ])('namespaces %j and providers %j want %j', (namespaces, types, expected, asked) => {
    const filter = NameFilter.parse(namespaces, types);
    expect(wanted(filter)).toEqual(expected);
    const queries = filter.queries.map((query) =>
      query.kind === 'all'
        ? 'all'
        : query.kind === 'namespace'
          ? `namespace:${query.namespace}`
          : `provider:${query.namespace}/${query.type}`,
    );
    expect(queries.sort()).toEqual([...asked].sort());
    expect(filter.isEmpty).toBe(expected.length === 0);
  });

  it('asks for everything that it wants', () => {
    const filters = fc.array(fc.stringMatching(/^(acme|hashicorp|aws|widget|a\*|\*|\?cme)$/), {
      maxLength: 3,
    });
    fc.assert(
      fc.property(filters, filters, (namespaces, types) => {
        const filter = NameFilter.parse(namespaces, types);
        for (const text of wanted(filter)) {
          const [namespace = '', type = ''] = text.split('/');
          const isAsked = filter.queries.some(
            (query) =>
              query.kind === 'all' ||
              (query.namespace === namespace && (query.kind === 'namespace' || query.type === type)),
          );
          expect(isAsked, text).toBe(true);
        }
      }),
    );
  });

  it('can be restricted, and never to more than it wants', () => {
    const filter = NameFilter.parse(['acme*', 'hashicorp'], ['aws', 'widget']);
    expect(wanted(filter.restrictedTo({ namespace: 'acme' }))).toEqual(['acme/aws', 'acme/widget']);
    expect(wanted(filter.restrictedTo({ type: 'aws' }))).toEqual(['hashicorp/aws', 'acme/aws']);
    const one = filter.restrictedTo({ namespace: 'acme', type: 'widget' });
    expect(one.queries).toEqual([{ kind: 'provider', namespace: 'acme', type: 'widget' }]);
    for (const other of [
      { namespace: 'other' },
      { type: 'random' },
      { namespace: '*' },
      { namespace: 'a/b' },
    ]) {
      expect(filter.restrictedTo(other)).toMatchObject({ isEmpty: true, queries: [] });
    }
    expect(wanted(filter.restrictedTo({}))).toEqual(wanted(filter));
  });

  it.each([
    [['a.b']],
    [['']],
    [['a b']],
    [['../x']],
    [['\u0000']],
    [Array.from({ length: 501 }, (_one, at) => `n${at}`)],
  ])('%j is refused', (texts) => {
    expect(() => NameFilter.parse(texts, [])).toThrow(InvalidNameFilter);
    expect(() => NameFilter.parse([], texts)).toThrow(/^Invalid provider filter: [\x20-\x7e]+$/);
  });
});

describe('a platform filter', () => {
  const linux = Platform.parseKey('linux_amd64');
  const mac = Platform.parseKey('darwin_arm64');

  it('wants what it lists, and everything when it lists nothing', () => {
    const filter = PlatformFilter.parse(['linux/amd64', 'linux/amd64']);
    expect([filter.wants(linux), filter.wants(mac)]).toEqual([true, false]);
    for (const nothing of [null, undefined, []]) expect(PlatformFilter.parse(nothing).wants(mac)).toBe(true);
  });

  it.each([
    'linux',
    'linux_amd64',
    'Linux/amd64',
    'linux/',
    '/amd64',
    'linux/amd64/v1',
    '*/*',
    '',
    'linux/\u0000',
    'x'.repeat(99),
  ])('%j is refused', (text) => {
    expect(() => PlatformFilter.parse([text])).toThrow(InvalidPlatformFilter);
  });

  it('has at most 200 entries', () => {
    const of = (count: number) => Array.from({ length: count }, (_one, at) => `os${at}/amd64`);
    expect(() => PlatformFilter.parse(of(200))).not.toThrow();
    expect(() => PlatformFilter.parse(of(201))).toThrow(InvalidPlatformFilter);
  });
});
