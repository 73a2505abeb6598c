import { describe, expect, it } from 'vitest';
import { ConfigProblems } from './config-problems.js';
import { loadConfig } from './load-config.js';

const SECRETS = {
  TFR_DATABASE_URL: 'postgres://registry@localhost/registry',
  ENCRYPTION_KEY: 'hex:8f1d3c5b7a9e0246813579bdf02468ace13579bdf0a1b2c3d4e5f60718293a4b',
  TFR_JWT_SECRET: 'TEST-ONLY-8f1d3c5b7a9e0246813579bdf02468',
};

function load(value?: string): readonly string[] {
  const env = { ...SECRETS, ...(value !== undefined && { TFR_MIRROR_GIT_ARCHIVES: value }) };
  return loadConfig({ env, argv: [], cwd: '/nowhere', generateSecrets: false }).config.mirror.gitArchives;
}

describe('mirror.git_archives', () => {
  it('adds nothing to the well-known hosts unless it is set', () => {
    expect(load()).toEqual([]);
  });

  it.each([
    'git.example.com=https://git.example.com/{owner}/{repository}/archive/{ref}.tar.gz',
    'GHE.example.com:8443=https://ghe.example.com:8443/_codeload/{owner}/{repository}/tar.gz/{ref}',
    'git.example.com=https://git.example.com/api/{repository}/archive.zip?sha={ref}',
    'git.lan=http://10.0.0.1/{owner}/{repository}/{ref}.zip',
  ])('may be %s', (line) => {
    expect(load(line)).toEqual([line]);
    expect(load(`${line},${line}`)).toHaveLength(2);
  });

  it.each([
    'git.example.com',
    'https://git.example.com/{owner}/{repository}/archive/{ref}.tar.gz',
    'git.example.com=https://git.example.com/{owner}/archive/{ref}.tar.gz',
    'git.example.com=https://git.example.com/{owner}/{repository}/archive.tar.gz',
    'git.example.com=https://{owner}.example.com/{repository}/{ref}.tar.gz',
    'git.example.com=https://user:password@git.example.com/{owner}/{repository}/{ref}.tar.gz',
    'git.example.com=ftp://git.example.com/{owner}/{repository}/{ref}.tar.gz',
    '=https://git.example.com/{owner}/{repository}/{ref}.tar.gz',
  ])('may not be %s', (line) => {
    expect(() => load(line)).toThrow(ConfigProblems);
    expect(() => load(line)).toThrow('expected host=address, the address with {repository} and {ref}');
  });
});
