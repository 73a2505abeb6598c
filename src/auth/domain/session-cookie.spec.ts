import { describe, expect, it } from 'vitest';
import { readSessionCookie } from './session-cookie.js';

describe('the session cookie in a header', () => {
  const table: [string, string | undefined, string | undefined][] = [
    ['is absent without a header', undefined, undefined],
    ['is absent among others', 'a=b; tfr_csrf=c', undefined],
    ['stands alone', 'tfr_session=abc', 'abc'],
    ['stands among others', 'a=b; tfr_session=abc ;tfr_csrf=c', 'abc'],
    ['may contain an equals sign', 'tfr_session=a=b', 'a=b'],
    ['may be empty', 'tfr_session=', ''],
    ['is not another name that ends alike', 'xtfr_session=abc; tfr_sessions=abc', undefined],
    ['has one spelling', 'TFR_SESSION=abc', undefined],
    ['may be sent twice', 'tfr_session=abc; tfr_session=abc', 'abc'],
    ['is none when two differ: one may have been planted', 'tfr_session=abc; tfr_session=def', undefined],
  ];
  it.each(table)('%s', (_, header, expected) => {
    expect(readSessionCookie(header)).toBe(expected);
  });
});
