import { describe, expect, it } from 'vitest';
import { readAuthorization, type Credential } from './authorization-header.js';

const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;

describe('an Authorization header', () => {
  const table: [string, string[], Credential][] = [
    ['is absent', [], { kind: 'none' }],
    ['carries a bearer token', ['Bearer abc'], { kind: 'token', token: 'abc' }],
    ['names its scheme in any case', ['bEaReR abc'], { kind: 'token', token: 'abc' }],
    ['has several spaces', ['Bearer   abc '], { kind: 'token', token: 'abc' }],
    ['is empty after the scheme', ['Bearer'], { kind: 'empty' }],
    ['has only spaces after the scheme', ['Bearer  '], { kind: 'empty' }],
    ['has no scheme', ['abc'], { kind: 'not-bearer' }],
    ['is empty', [''], { kind: 'not-bearer' }],
    ['glues scheme and token', ['Bearerabc'], { kind: 'not-bearer' }],
    ['uses Basic where that is not understood', [basic('user:abc')], { kind: 'not-bearer' }],
    ['comes twice', ['Bearer abc', 'Bearer abc'], { kind: 'several' }],
  ];
  it.each(table)('%s', (_, values, expected) => {
    expect(readAuthorization(values, false)).toEqual(expected);
  });

  const files: [string, string, Credential][] = [
    ['takes the password', basic('anybody:abc'), { kind: 'token', token: 'abc' }],
    ['takes a password with colons', basic('u:a:b'), { kind: 'token', token: 'a:b' }],
    ['needs no user name', basic(':abc'), { kind: 'token', token: 'abc' }],
    ['needs a password', basic('abc'), { kind: 'empty' }],
    ['still understands Bearer', 'Bearer abc', { kind: 'token', token: 'abc' }],
  ];
  it.each(files)('as Basic on file URLs %s', (_, value, expected) => {
    expect(readAuthorization([value], true)).toEqual(expected);
  });
});
