import { describe, expect, it } from 'vitest';
import { SignedLink } from './signed-link.js';

const KEY = 'blobs/sha256/ab/cd/abcd/größe-aws-1.0.0.tar.gz';
const NOW = 1_800_000_000;
const at = (seconds: number) => () => seconds * 1000;
const links = new SignedLink(['secret-one'], at(NOW));

describe('a signed link', () => {
  const query = links.sign(KEY, NOW + 60);

  it('opens the object it names, repeatedly, for every method (checklist 18)', () => {
    expect(links.verify(KEY, query)).toBe('valid');
    expect(links.verify(KEY, query)).toBe('valid');
  });

  it('does not depend on the order of parameters or on foreign parameters (checklist 19)', () => {
    const parts = query.split('&').reverse();
    const foreign = ['archive=tar.gz', 'terraform-get=1', 'checksum=sha256%3Aabc'];
    expect(links.verify(KEY, [...foreign, ...parts].join('&'))).toBe('valid');
    expect(links.verify(KEY, [parts[0], ...foreign, ...parts.slice(1)].join('&'))).toBe('valid');
  });

  it('accepts the query as text, with a question mark, parsed, or as a plain object', () => {
    expect(links.verify(KEY, `?${query}`)).toBe('valid');
    expect(links.verify(KEY, new URLSearchParams(query))).toBe('valid');
    expect(links.verify(KEY, Object.fromEntries(new URLSearchParams(query)))).toBe('valid');
  });

  it('opens no other object', () => {
    expect(links.verify(`${KEY}.sig`, query)).toBe('wrong');
    expect(links.verify(KEY.toUpperCase(), query)).toBe('wrong');
  });

  it('cannot be given a longer life', () => {
    expect(links.verify(KEY, query.replace(/expires=\d+/, `expires=${NOW + 6000}`))).toBe('wrong');
    expect(links.verify(KEY, query.replace('expires=', 'expires=0'))).toBe('wrong');
  });

  it('is missing without signature or expiry', () => {
    expect(links.verify(KEY, '')).toBe('missing');
    expect(links.verify(KEY, {})).toBe('missing');
    expect(links.verify(KEY, query.replace(/&signature=.*/, ''))).toBe('missing');
    expect(links.verify(KEY, query.replace(/expires=\d+&/, ''))).toBe('missing');
  });

  it('expires, and says so only when the signature is right', () => {
    const old = links.sign(KEY, NOW);
    expect(links.verify(KEY, old)).toBe('expired');
    expect(links.verify(KEY, `${old}x`)).toBe('wrong');
  });

  it('refuses a parameter that is given twice', () => {
    expect(links.verify(KEY, `${query}&expires=${NOW + 60}`)).toBe('wrong');
    expect(links.verify(KEY, { ...Object.fromEntries(new URLSearchParams(query)), kid: ['a', 'b'] })).toBe(
      'wrong',
    );
  });

  it('refuses every changed character of the signature', () => {
    const start = query.indexOf('signature=') + 'signature='.length;
    for (let index = start; index < query.length; index++) {
      for (const other of ['A', 'B', '-']) {
        if (query[index] === other) continue;
        const changed = query.slice(0, index) + other + query.slice(index + 1);
        expect(links.verify(KEY, changed)).toBe('wrong');
      }
    }
  });
});

describe('rotating the secret of signed links', () => {
  const rotated = new SignedLink(['secret-two', 'secret-one'], at(NOW));

  it('keeps links of the previous secret valid, also without their key id', () => {
    const old = links.sign(KEY, NOW + 60);
    expect(rotated.verify(KEY, old)).toBe('valid');
    expect(rotated.verify(KEY, old.replace(/&kid=[^&]*/, ''))).toBe('valid');
  });

  it('signs with the first secret only', () => {
    expect(links.verify(KEY, rotated.sign(KEY, NOW + 60))).toBe('wrong');
  });

  it('needs a secret', () => {
    expect(() => new SignedLink([])).toThrow(TypeError);
    expect(() => new SignedLink(['a', ''])).toThrow(TypeError);
  });
});
