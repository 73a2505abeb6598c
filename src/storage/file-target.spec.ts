import { describe, expect, it } from 'vitest';
import { parseFileTarget } from './file-target.js';

describe('a file URL', () => {
  it.each([
    ['/v1/files/blobs/a.zip', 'blobs/a.zip'],
    ['/v1/files/blobs/a.zip?expires=1&signature=x', 'blobs/a.zip'],
    ['/v1/files/blobs/b%2B1%20%C3%BC.zip', 'blobs/b+1 ü.zip'],
    ['/v1/files/blobs/a%3Fb.zip', 'blobs/a?b.zip'],
    ['/v1/files/a+b', 'a+b'],
  ])('%s names %s', (url, keyPath) => {
    expect(parseFileTarget(url).keyPath).toBe(keyPath);
  });

  it('keeps its query', () => {
    const { query } = parseFileTarget('/v1/files/a?archive=tar.gz&expires=5&terraform-get=1');
    expect(query.get('expires')).toBe('5');
  });

  it.each([
    '/v1/files/',
    '/v1/files/a/',
    '/v1/files/a//b',
    '/v1/files//a',
    '/v1/files/../a',
    '/v1/files/a/%2e%2e/b',
    '/v1/files/a/./b',
    '/v1/files/a%2Fb',
    '/v1/files/a%5Cb',
    '/v1/files/a\\b',
    '/v1/files/a%00b',
    '/v1/files/a%0Ab',
    '/v1/files/a%',
    '/v1/files/a%ff',
    '/v1/files/.staging/a',
  ])('%s is refused', (url) => {
    expect(() => parseFileTarget(url)).toThrow('Invalid file path');
  });
});
