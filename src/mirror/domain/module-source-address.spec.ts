import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GitArchives } from './git-archives.js';
import { readModuleSource } from './module-source-address.js';

const ASKED = new URL('https://registry.example.com/v1/modules/acme/vpc/aws/1.0.0/download');
const SHA = '0123456789abcdef0123456789abcdef01234567';
const DIGEST = 'ab'.repeat(32);
const ARCHIVES = new GitArchives([
  'git.example.com=https://git.example.com/{owner}/{repository}/archive/{ref}.tar.gz',
  'git.example.com:8443=https://git.example.com:8443/zip/{owner}/{repository}/{ref}.zip',
]);

function read(text: string): Record<string, unknown> {
  const { url, ...more } = { url: undefined, ...readModuleSource(text, ASKED, ARCHIVES) };
  return url === undefined ? more : { url: (url as URL).href, ...more };
}

describe('an address of an archive', () => {
  it.each([
    [
      'https://x.example.com/a.tar.gz',
      { url: 'https://x.example.com/a.tar.gz', format: 'tar.gz', folder: '' },
    ],
    [
      'https://x.example.com/a.tgz//b/c/',
      { url: 'https://x.example.com/a.tgz', format: 'tar.gz', folder: 'b/c' },
    ],
    [
      'https::https://x.example.com/a.zip//*',
      { url: 'https://x.example.com/a.zip', format: 'zip', folder: '*' },
    ],
    ['https://x.example.com/a?archive=zip', { url: 'https://x.example.com/a', format: 'zip', folder: '' }],
    [
      'https://x.example.com/a.zip?archive=tgz',
      { url: 'https://x.example.com/a.zip', format: 'tar.gz', folder: '' },
    ],
    [
      'https://x.example.com/a//*/b?archive=tar.gz&X-Sig=a%2Fb+c%3D&y=//z',
      { url: 'https://x.example.com/a?X-Sig=a%2Fb+c%3D&y=//z', format: 'tar.gz', folder: '*/b' },
    ],
    [
      `https://x.example.com/a.zip?checksum=sha256:${DIGEST.toUpperCase()}`,
      { url: 'https://x.example.com/a.zip', format: 'zip', folder: '', digest: DIGEST },
    ],
    [
      `https://x.example.com/a.zip?checksum=${DIGEST}&t=1`,
      { url: 'https://x.example.com/a.zip?t=1', format: 'zip', folder: '', digest: DIGEST },
    ],
    [
      '/files/a.zip//s?t=1',
      { url: 'https://registry.example.com/files/a.zip?t=1', format: 'zip', folder: 's' },
    ],
    [
      './a.zip',
      { url: 'https://registry.example.com/v1/modules/acme/vpc/aws/1.0.0/a.zip', format: 'zip', folder: '' },
    ],
    [
      '../../a.tgz',
      { url: 'https://registry.example.com/v1/modules/acme/vpc/a.tgz', format: 'tar.gz', folder: '' },
    ],
    ['http://x.example.com/a.zip', { url: 'http://x.example.com/a.zip', format: 'zip', folder: '' }],
  ])('%s is read', (text, expected) => {
    expect(read(text)).toEqual(expected);
  });

  it.each([
    ['', 'characters that addresses do not have'],
    ['https://x.example.com/ä.zip', 'characters that addresses do not have'],
    ['https://x.example.com/a .zip', 'characters that addresses do not have'],
    [`https://x.example.com/${'a'.repeat(8200)}.zip`, 'longer than 8192 characters'],
    ['https://x.example.com/module', 'it is no .tar.gz, .tgz or .zip'],
    ['https://x.example.com/a.tar.xz', 'it is no .tar.gz, .tgz or .zip'],
    ['https://x.example.com/a.zip?archive=false', 'it is no .tar.gz, .tgz or .zip'],
    ['https://x.example.com/a.zip?archive=constructor', 'it is no .tar.gz, .tgz or .zip'],
    ['https://user:hunter2@x.example.com/a.zip', 'it has a user name or password'],
    ['https://x.example.com/a.zip//../b', 'no folder inside of the archive'],
    ['https://x.example.com/a.zip//a/*', 'no folder inside of the archive'],
    ['https://x.example.com/a.zip//a[b]', 'no folder inside of the archive'],
    ['https://x.example.com/a.zip?checksum=md5:00', 'is no SHA-256'],
    ['https://x.example.com/a.zip?checksum=file:https://x.example.com/sums', 'is no SHA-256'],
    ['https://x.example.com/a.zip?checksum=', 'is no SHA-256'],
    ['a.tar.gz', 'is no address that this server fetches from'],
    ['acme/vpc/aws', 'is no address that this server fetches from'],
    ['/', 'it is no .tar.gz, .tgz or .zip'],
    ['//[', 'is no address that this server fetches from'],
    ['file:///etc/passwd', 'is no address that this server fetches from'],
    ['file::/etc/passwd', '"file::" is not supported'],
    ['s3::https://s3.amazonaws.com/bucket/a.zip', '"s3::" is not supported'],
    ['gcs::https://www.googleapis.com/storage/v1/bucket/a.zip', '"gcs::" is not supported'],
    ['hg::https://x.example.com/a', '"hg::" is not supported'],
    ['git::git::https://github.com/o/r', 'is no address that this server fetches from'],
  ])('%s is refused with a reason', (text, reason) => {
    expect(read(text)).toEqual({ reason: expect.stringContaining(reason) });
  });

  it('says what would do', () => {
    expect(read('s3::https://bucket.example.com/a.zip')).toEqual({
      reason:
        '"s3::" is not supported; give an https address of a .tar.gz, .tgz or .zip, or a git repository of a host that mirror.git_archives knows',
    });
  });
});

describe('an address of a git repository', () => {
  const github = (ref: string): string => `https://codeload.github.com/o/r/tar.gz/${ref}`;

  it.each([
    ['git::https://github.com/o/r.git?ref=v1.0.0', github('v1.0.0'), '*'],
    ['git::https://github.com/o/r', github('HEAD'), '*'],
    ['git::https://GitHub.com/o/r.git//modules/x?depth=1&ref=a/b', github('a/b'), '*/modules/x'],
    ['github.com/o/r?ref=v1', github('v1'), '*'],
    ['github.com/o/r/modules/x?ref=v1', github('v1'), '*/modules/x'],
    ['github.com/o/r.git//modules/x', github('HEAD'), '*/modules/x'],
    ['git::github.com/o/r//*', github('HEAD'), '*'],
    ['git@github.com:o/r.git?ref=v1', github('v1'), '*'],
    ['git::ssh://git@github.com/o/r.git//sub?ref=v1', github('v1'), '*/sub'],
    ['ssh://git@github.com:22/o/r.git', github('HEAD'), '*'],
    ['git::https://gitlab.com/g/h/p.git?ref=v1', 'https://gitlab.com/g/h/p/-/archive/v1/archive.tar.gz', '*'],
    ['bitbucket.org/o/r?ref=v1', 'https://bitbucket.org/o/r/get/v1.tar.gz', '*'],
    ['git::https://git.example.com/o/r?ref=a%23b', undefined, undefined],
    [
      'git::https://git.example.com/~o/r?ref=v1%2B2',
      'https://git.example.com/~o/r/archive/v1%2B2.tar.gz',
      '*',
    ],
  ])('%s is read as an archive', (text, url, folder) => {
    expect(read(text)).toEqual(
      url === undefined ? { reason: expect.any(String) } : { url, format: 'tar.gz', folder },
    );
  });

  it('names a commit when its ref is one', () => {
    expect(read(`git::https://github.com/o/r?ref=${SHA.toUpperCase()}`)).toMatchObject({ commit: SHA });
    expect(read(`git::https://github.com/o/r?ref=${SHA.slice(1)}`)).not.toHaveProperty('commit');
  });

  it('is a zip where the host gives zips', () => {
    expect(read('git::https://git.example.com:8443/o/r?ref=v1')).toMatchObject({ format: 'zip' });
  });

  it('may be of a well-known host that an operator has other plans with', () => {
    const archives = new GitArchives([
      'GitHub.com = https://cache.example.com/{owner}/{repository}/{ref}.tgz',
    ]);
    expect(readModuleSource('github.com/o/r?ref=v1', ASKED, archives)).toMatchObject({
      url: new URL('https://cache.example.com/o/r/v1.tgz'),
    });
  });

  it.each([
    [
      'git::https://git.example.org/o/r',
      'a git repository of "git.example.org"; add where this host gives archives',
    ],
    ['git::https://github.com:8443/o/r', 'a git repository of "github.com:8443"'],
    ['git::https://user:hunter2@github.com/o/r', 'it has a user name or password'],
    ['git::https://github.com/o/r?ref=../../x', 'is no plain name of a branch, tag or commit'],
    ['git::https://github.com/o/r?ref=-x', 'is no plain name of a branch, tag or commit'],
    ['git::https://github.com/o/r?ref=a//b', 'is no plain name of a branch, tag or commit'],
    ['git::https://github.com/o/r?ref=%00', 'is no plain name of a branch, tag or commit'],
    ['git::https://github.com/o/r?ref=a%3Fb', 'is no plain name of a branch, tag or commit'],
    ['git::https://github.com/o/r?sshkey=aHVudGVyMg', 'its parameter "sshkey" is not supported'],
    ['git::https://github.com/o', 'is no owner and repository'],
    ['git::https://github.com/o/r%2F..%2F..', 'is no owner and repository'],
    ['git::https://github.com/', 'is no owner and repository'],
    ['git::/srv/git/repository', 'is no address that this server fetches from'],
    ['git::file:///srv/git/o/r', 'is no address that this server fetches from'],
    ['git::https://github.com/o/r//../x?ref=v1', 'no folder inside of the archive'],
    ['github.com/o/r/../../x', 'is no address that this server fetches from'],
  ])('%s is refused with a reason', (text, reason) => {
    const found = read(text);
    expect(found).toEqual({ reason: expect.stringContaining(reason) });
    expect(String(found['reason'])).not.toMatch(/hunter2|aHVudGVyMg/);
  });
});

describe('whatever an upstream writes', () => {
  const piece = fc.constantFrom(
    ...[
      'git::',
      'https://',
      'http://',
      'ssh://',
      'git@',
      'github.com',
      'x.example.com',
      '/',
      '//',
      '..',
      '*',
      '?',
    ],
    ...[
      '&',
      '=',
      'ref',
      'archive',
      'checksum',
      'sha256:',
      DIGEST,
      SHA,
      '.tar.gz',
      '.zip',
      '%2e%2e',
      '%',
      '#',
      '@',
    ],
    ...[':', 'o/r', 'a', '\\', '{ref}', '\n', '[', ']', 'constructor'],
  );
  const text = fc.oneof(
    fc.array(piece, { maxLength: 14 }).map((pieces) => pieces.join('')),
    fc.string({ unit: 'binary', maxLength: 200 }),
    fc.webUrl({ withQueryParameters: true, withFragments: true }),
  );

  it('is an archive over HTTP without credentials, with a folder inside of it, or a printable reason', () => {
    fc.assert(
      fc.property(text, (written) => {
        const found = readModuleSource(written, ASKED, ARCHIVES);
        if ('reason' in found) {
          expect(found.reason).toMatch(/^[\x20-\x7e…]{1,600}$/);
          return;
        }
        expect(found.url.protocol).toMatch(/^https?:$/);
        expect(found.url.username + found.url.password + found.url.hash).toBe('');
        expect(found.folder).toMatch(/^(?:\*(?=\/|$))?(?:\/?[^/*?]+)*$/);
        expect(found.folder.split('/')).not.toContain('..');
        expect(found.digest ?? DIGEST).toMatch(/^[0-9a-f]{64}$/);
        expect(found.commit ?? SHA).toMatch(/^[0-9a-f]{40,64}$/);
      }),
      { numRuns: 5000 },
    );
  });
});
