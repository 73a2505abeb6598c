import { describe, expect, it } from 'vitest';
import { ServerConfig } from '../../config/server.config.js';
import { OwnHostPaths } from './own-host-paths.js';

const paths = new OwnHostPaths(
  Object.assign(new ServerConfig(), {
    baseUrl: 'https://registry.example.com:8443/',
    publicUrl: 'https://www.example.com',
    hostAliases: ['Old.example.com'],
  }),
);

describe('paths of the network mirror', () => {
  it.each(['registry.example.com:8443', 'www.example.com', 'old.example.com'])(
    'know %s as this registry',
    (host) => {
      expect(paths.canonical(`/terraform/providers/${host}/a/b/index.json`)).toBe(
        '/terraform/providers/~/a/b/index.json',
      );
      expect(paths.isOwn(host.toUpperCase())).toBe(true);
    },
  );

  it.each([
    '/terraform/providers/registry.terraform.io/a/b/index.json',
    '/terraform/providers/registry.example.com/a/b/index.json',
    '/terraform/providers/www.example.com.evil.example/a/b/index.json',
    '/terraform/providers/www.example.com',
    '/v1/providers/www.example.com/b/versions',
    '',
  ])('leave %s alone', (path) => {
    expect(paths.canonical(path)).toBe(path);
  });

  it('give nothing to who asks for the name in which they are stored', () => {
    expect(paths.canonical('/terraform/providers/~/a/b/index.json')).toBe('');
    expect(paths.isOwn('~')).toBe(false);
  });
});
