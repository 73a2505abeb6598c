import { describe, expect, it } from 'vitest';
import { leastCpuMs } from '../../../test/support/cpu-time.js';
import { InvalidVersionConstraint } from './terraform.errors.js';
import { VersionConstraint } from './version-constraint.js';
import { Version } from './version.js';

describe('a version constraint', () => {
  it.each([
    ['1.2.0', '1.2.0', true],
    ['= 1.2', '1.2.0', true],
    ['1.2.0', '1.2.1', false],
    ['!= 1.2.0', '1.2.0', false],
    ['!= 1.2.0', '1.2.1', true],
    ['> 1.2.0', '1.2.0', false],
    ['> 1.2.0', '1.2.1', true],
    ['>= 1.2.0', '1.2.0', true],
    ['< 2', '1.99.0', true],
    ['< 2', '2.0.0', false],
    ['<= 2', '2.0.0', true],
    ['~> 1.2', '1.2.0', true],
    ['~> 1.2', '1.9.9', true],
    ['~> 1.2', '1.1.9', false],
    ['~> 1.2', '2.0.0', false],
    ['~> 1.2.3', '1.2.9', true],
    ['~> 1.2.3', '1.3.0', false],
    ['~> 1.2.0', '1.2.0', true],
    ['~>1.2', '1.3.0', true],
    ['~> 1', '3.0.0', true],
    ['>= 1.0, < 2.0, != 1.5.0', '1.4.0', true],
    ['>= 1.0, < 2.0, != 1.5.0', '1.5.0', false],
    ['>=1.0.0,<2.0.0', '2.0.0', false],
    ['>= 1.0.0', '2.0.0-rc.1', false],
    ['>= 2.0.0-rc.1', '2.0.0-rc.2', true],
    ['>= 2.0.0-rc.1', '2.0.0', true],
    ['>= 2.0.0-rc.1', '2.1.0-rc.1', false],
    ['~> 1.2.0-rc.1', '1.2.0-rc.3', true],
    ['= 1.0.0-rc.1', '1.0.0-rc.1', true],
  ])('%s and %s: %s', (constraint, version, allowed) => {
    expect(VersionConstraint.parse(constraint).allows(Version.parse(version))).toBe(allowed);
  });

  it.each([
    '',
    ',',
    '1.0,',
    '~ 1.0',
    '=> 1.0',
    '>> 1',
    '1.0 2.0',
    '>= 1.0 || 2.0',
    '*',
    '^1.0',
    '1.0.0+b',
    '>= 01.0',
  ])('refuses %j', (text) => {
    expect(() => VersionConstraint.parse(text)).toThrow(InvalidVersionConstraint);
  });

  it('names the versions around which its answer changes', () => {
    const points = (text: string): string[] => VersionConstraint.parse(text).turningPoints().map(String);
    expect(points('>= 1.2, != 1.5.0-rc.1, < 2')).toEqual(['1.2.0', '1.5.0-rc.1', '2.0.0']);
    expect(points('~> 1.2')).toEqual(['1.2.0', '2.0.0']);
    expect(points('~> 1.2.3')).toEqual(['1.2.3', '1.3.0']);
    expect(points('~> 1')).toEqual(['1.0.0']);
    expect(points('~> 2147483647.0')).toEqual(['2147483647.0.0']);
  });

  it('refuses adversarial texts of 1 MB in under 5 ms each', () => {
    for (const text of ['>= 1,'.repeat(200_000), ' '.repeat(1_000_000), '1.'.repeat(500_000)]) {
      const ms = leastCpuMs(() => {
        expect(() => VersionConstraint.parse(text)).toThrow(InvalidVersionConstraint);
      });
      expect(ms).toBeLessThan(5);
    }
  });
});
