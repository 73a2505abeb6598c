import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { attachment } from '../../../platform/http/content-disposition.js';
import { plainConnections } from '../../../../test/support/store-connections.js';
import type { AzureSettings } from '../../domain/backend-settings.js';
import { AzureBlobObjectStore } from './azure-blob-object-store.js';

/** Test only: made for this run. */
const KEY = randomBytes(64).toString('base64');

const SETTINGS: AzureSettings = {
  type: 'azure',
  accountName: 'acme',
  containerName: 'artifacts',
  authMethod: 'key',
  accountKey: KEY,
};

async function linkWith(
  settings: Partial<AzureSettings>,
  path = 'blobs/x.zip',
  expiresAtMs = 0,
): Promise<URL> {
  const store = new AzureBlobObjectStore({ ...SETTINGS, ...settings }, plainConnections());
  const options = { expiresAtMs, filename: 'größe 1.zip', contentType: 'application/zip' };
  return new URL(await store.signedUrl(path, options));
}

describe('a link of Azure', () => {
  it('opens one blob for reading, over TLS, from five minutes ago on', async () => {
    const expiresAtMs = Date.UTC(2031, 1, 3, 4, 5, 6);
    const { searchParams } = await linkWith({}, 'blobs/x.zip', expiresAtMs);
    const { st, sig, ...rest } = Object.fromEntries(searchParams);
    expect(rest).toEqual({
      sv: '2022-11-02',
      sr: 'b',
      sp: 'r',
      spr: 'https',
      se: '2031-02-03T04:05:06Z',
      rscd: attachment('größe 1.zip'),
      rsct: 'application/zip',
    });
    expect(sig).toMatch(/^[A-Za-z0-9+/]{43}=$/);
    const age = Date.now() - Date.parse(st!);
    expect(age).toBeGreaterThanOrEqual(5 * 60_000);
    expect(age).toBeLessThan(5 * 60_000 + 10_000);
  });

  it('names account, container and blob', async () => {
    const { origin, pathname } = await linkWith({}, 'a b/ü+%25.zip');
    expect(origin).toBe('https://acme.blob.core.windows.net');
    expect(decodeURIComponent(pathname)).toBe('/artifacts/a b/ü+%25.zip');
  });

  it('does not carry the account key', async () => {
    expect((await linkWith({})).href).not.toContain(KEY.slice(0, 20));
  });

  it('may be opened without TLS where the account has none', async () => {
    const { searchParams } = await linkWith({ endpoint: 'http://127.0.0.1:10000/acme' });
    expect(searchParams.get('spr')).toBe('https,http');
  });

  it('begins with the address of a sovereign cloud', async () => {
    const { origin } = await linkWith({ endpoint: 'https://acme.blob.core.chinacloudapi.cn/' });
    expect(origin).toBe('https://acme.blob.core.chinacloudapi.cn');
  });

  it.each([
    ['https://cdn.example.com', undefined, 'https://cdn.example.com/artifacts/blobs/x.zip'],
    ['https://cdn.example.com/', undefined, 'https://cdn.example.com/artifacts/blobs/x.zip'],
    ['https://cdn.example.com/tf/', undefined, 'https://cdn.example.com/tf/artifacts/blobs/x.zip'],
    ['https://cdn.example.com', 'https://127.0.0.1/acme', 'https://cdn.example.com/artifacts/blobs/x.zip'],
  ])('begins with the CDN %s instead of %s, and keeps its signature', async (cdnUrl, endpoint, expected) => {
    const link = await linkWith({ cdnUrl, endpoint });
    const direct = await linkWith({ endpoint });
    expect(link.origin + link.pathname).toBe(expected);
    // A second may have passed between the two.
    expect([...link.searchParams.keys()]).toEqual([...direct.searchParams.keys()]);
    expect(link.searchParams.get('sig')).toBeTruthy();
  });
});

describe('settings of Azure that cannot work', () => {
  it.each<[string, Partial<AzureSettings>]>([
    ['a key is missing', { accountKey: undefined }],
    ['the address is none', { endpoint: 'blob.example.com' }],
    ['the address is none of HTTP', { endpoint: 'ftp://blob.example.com' }],
    [
      'an identity would send its token without TLS',
      { authMethod: 'managed_identity', endpoint: 'http://127.0.0.1' },
    ],
  ])('are refused at once: %s', (_title, settings) => {
    expect(() => new AzureBlobObjectStore({ ...SETTINGS, ...settings }, plainConnections())).toThrow(
      expect.objectContaining({ name: 'ObjectStoreRejected', reason: 'settings' }),
    );
  });
});
