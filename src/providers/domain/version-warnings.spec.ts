import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { versionWarnings } from './version-warnings.js';

const plain = {
  state: 'active',
  stateReason: null,
  deprecatedAt: null,
  deprecationMessage: null,
  replacement: null,
} as const;
const deprecated = (message: string | null, replacement: string | null = null) =>
  ({ ...plain, deprecatedAt: new Date(0), deprecationMessage: message, replacement }) as const;
const withdrawn = (reason: string) => ({ ...plain, state: 'withdrawn', stateReason: reason }) as const;
const quarantined = { ...plain, state: 'quarantined', stateReason: 'secret' } as const;

type Life = typeof plain | ReturnType<typeof deprecated> | ReturnType<typeof withdrawn> | typeof quarantined;
/** Newest first: the last one is 1.0.0. */
const warningsOf = (...lives: Life[]) =>
  versionWarnings(
    'acme/x',
    lives.map((life, index) => ({ ...life, version: `1.${lives.length - 1 - index}.0` })),
  );

describe('what clients are told about versions of a provider', () => {
  it('is nothing when there is nothing to say', () => {
    expect(warningsOf()).toEqual([]);
    expect(warningsOf(plain, quarantined, plain)).toEqual([]);
  });

  it('names a single version, with its message and what to use instead', () => {
    expect(warningsOf(plain, deprecated('Too old.', 'acme/y'))).toEqual([
      'Version 1.0.0 of acme/x is deprecated: Too old. Use acme/y instead.',
    ]);
    expect(warningsOf(deprecated(null))).toEqual(['Version 1.0.0 of acme/x is deprecated.']);
    expect(warningsOf(deprecated(null, 'acme/y'))).toEqual([
      'Version 1.0.0 of acme/x is deprecated. Use acme/y instead.',
    ]);
    expect(warningsOf(withdrawn('CVE-2026-1'))).toEqual(['Version 1.0.0 of acme/x is withdrawn: CVE-2026-1']);
  });

  it('is one sentence for a range, which ends where the words change', () => {
    expect(
      warningsOf(
        plain,
        deprecated('a'),
        deprecated('a'),
        deprecated('b'),
        withdrawn('b'),
        withdrawn('b'),
        plain,
      ),
    ).toEqual([
      'Versions 1.4.0 to 1.5.0 of acme/x are deprecated: a',
      'Version 1.3.0 of acme/x is deprecated: b',
      'Versions 1.1.0 to 1.2.0 of acme/x are withdrawn: b',
    ]);
  });

  it('does not speak of quarantined versions, which do not interrupt a range either', () => {
    expect(warningsOf(deprecated('a'), quarantined, deprecated('a'))).toEqual([
      'Versions 1.0.0 to 1.2.0 of acme/x are deprecated: a',
    ]);
  });

  it('is one line without controls of the terminal', () => {
    expect(warningsOf(deprecated('\u001b[2Jgone\nnow'))).toEqual([
      'Version 1.0.0 of acme/x is deprecated: [2Jgone now',
    ]);
  });

  it('covers every version that is deprecated or withdrawn, and no other', () => {
    const life = fc.constantFrom<Life>(plain, deprecated('a'), deprecated('b'), withdrawn('a'), quarantined);
    fc.assert(
      fc.property(fc.array(life, { maxLength: 12 }), (lives) => {
        const covered = new Set(
          warningsOf(...lives).flatMap((sentence) => {
            const [oldest, newest = oldest] = [...sentence.matchAll(/1\.(\d+)\.0/g)].map(([, minor]) =>
              Number(minor),
            );
            return Array.from({ length: newest! - oldest! + 1 }, (_, step) => oldest! + step);
          }),
        );
        for (const [index, one] of lives.entries()) {
          if (one.state === 'quarantined') continue;
          const isWarned = one.state === 'withdrawn' || one.deprecatedAt !== null;
          expect(covered.has(lives.length - 1 - index)).toBe(isWarned);
        }
      }),
    );
  });
});
