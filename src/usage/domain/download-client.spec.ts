import { describe, expect, it } from 'vitest';
import { clientName, clientWord, sentVersion } from './download-client.js';

describe('the client of a download', () => {
  it.each([
    ['1.11.4', false, 'terraform 1.11.4'],
    ['1.9.0', true, 'opentofu 1.9.0'],
    ['1.14.0-beta3', false, 'terraform 1.14.0-beta'],
    ['1.15.0-alpha20250911', false, 'terraform 1.15.0-alpha'],
    ['1.10.0-rc1', true, 'opentofu 1.10.0-rc'],
    ['1.12.0-dev', false, 'terraform 1.12.0-dev'],
    ['opentofu/1.9.0', false, 'opentofu 1.9.0'],
    ['latest', false, 'other'],
    ['1.11', false, 'other'],
    ['1.11.4000', false, 'other'],
    ['1.11.4-mine', false, 'other'],
    ['1.11.4+build', false, 'other'],
    ['', false, 'other'],
    ['1.11.4\n=cmd()', false, 'other'],
    ['x'.repeat(10_000), true, 'other'],
    [undefined, true, ''],
  ])('%j is counted under %s %j', (version, isOpenTofu, name) => {
    expect(clientName(clientWord(version, isOpenTofu))).toBe(name);
  });

  it('fits into a spool line whatever was sent, and is told as it was sent', () => {
    for (const version of [undefined, '', ' ', 'a b', 'ü', '\u0000', 'x'.repeat(41)]) {
      const word = clientWord(version, false);
      expect(word).toMatch(/^[-?]$/);
      expect(sentVersion(word)).toBeNull();
    }
    expect(sentVersion(clientWord('1.9.0-mine', true))).toBe('1.9.0-mine');
    expect(sentVersion(clientWord('1.11.4', false))).toBe('1.11.4');
  });
});
