import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { StorageConfig } from '../../../src/config/storage.config.js';
import { SystemClock } from '../../../src/kernel/clock.js';
import { SignedLink } from '../../../src/platform/crypto/signed-link.js';
import type { WantedLink } from '../../../src/platform/documents/link-renderer.js';
import { LocalObjectStore } from '../../../src/storage/adapters/local/local-object-store.js';
import type { ArtifactLocations } from '../../../src/storage/artifact-locations.service.js';
import type { BackendSettings } from '../../../src/storage/domain/backend-settings.js';
import type { WithheldArtifacts } from '../../../src/storage/withheld-artifacts.service.js';
import { DownloadLinks } from '../../../src/storage/download-links.service.js';
import type { NamedStore, ObjectStores } from '../../../src/storage/object-stores.service.js';
import { ObjectStoreUnavailable } from '../../../src/storage/object-store.errors.js';
import { StorageNotConfigured } from '../../../src/storage/storage.errors.js';

const KEY = `blobs/sha256/ab/cd/${'abcd'.padEnd(64, '0')}/b+1 ü-aws-1.0.0.tar.gz`;
const ENCODED = KEY.split('/').map(encodeURIComponent).join('/');
const S3: BackendSettings = { type: 's3', region: 'r', bucket: 'b', authMethod: 'default' };
const links = new SignedLink(['test-only signing secret of the download link specs']);

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'links-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

/** A store that signs with what it was asked for. */
class SigningStore extends LocalObjectStore {
  fails = false;
  override signedUrl(path: string, options?: object): Promise<undefined> {
    if (this.fails) throw new ObjectStoreUnavailable('sign');
    const { expiresAtMs, filename } = options as { expiresAtMs: number; filename: string };
    const query = new URLSearchParams({ expires: String(expiresAtMs), filename });
    return Promise.resolve(`https://bucket.example.com/b/${path}?${query}`) as unknown as Promise<undefined>;
  }
}

function linksOf(
  config: Partial<StorageConfig>,
  settings: BackendSettings = S3,
): { links: DownloadLinks; store: SigningStore; asked: string[] } {
  const store = new SigningStore(directory);
  const asked: string[] = [];
  const of = async (name: string): Promise<NamedStore> => {
    asked.push(name);
    if (name === 'gone') throw new StorageNotConfigured(name);
    return { name, settings, store };
  };
  const locations = {
    find: async () => 'located',
    remember: () => undefined,
  } as unknown as ArtifactLocations;
  const stores = { of } as unknown as ObjectStores;
  const withheld = {
    has: async (path: string, name?: string) => name === 'damaged' && path === KEY,
  } as unknown as WithheldArtifacts;
  const whole = Object.assign(new StorageConfig(), config);
  const made = new DownloadLinks(stores, locations, withheld, links, whole, new SystemClock());
  return { links: made, store, asked };
}

const wanted: WantedLink = { keyPath: KEY, isPublic: true };

describe('a download URL', () => {
  it('of a storage that signs none names the object on this server, signed for the configured life (checklist 20)', async () => {
    const made = linksOf({}, { type: 'local', basePath: directory, serveDirectly: true });
    const { url, expiresAtMs, acceptsParameters } = await made.links.downloadUrl(wanted);
    expect(url.startsWith(`/v1/files/${ENCODED}?`)).toBe(true);
    expect(links.verify(KEY, new URLSearchParams(url.slice(url.indexOf('?'))))).toBe('valid');
    expect(Math.abs(expiresAtMs - Date.now() - 15 * 60_000)).toBeLessThan(2_000);
    expect(acceptsParameters).toBe(true);
  });

  it('never leads to bytes that are known to be damaged (H8)', async () => {
    const { url } = await linksOf({}).links.downloadUrl({ ...wanted, storage: 'damaged' });
    expect(url.startsWith(`/v1/files/${ENCODED}?`)).toBe(true);
  });

  it('is that of the storage which holds the object, and takes no further parameters', async () => {
    const made = linksOf({});
    const { url, acceptsParameters } = await made.links.downloadUrl({ ...wanted, storage: 'told' });
    expect(url).toMatch(/^https:\/\/bucket\.example\.com\/b\/blobs\//);
    expect(acceptsParameters).toBeFalsy();
    await made.links.downloadUrl(wanted);
    expect(made.asked).toEqual(['told', 'located']);
  });

  it('lives as long as the settings of an Azure container say', async () => {
    const azure: BackendSettings = {
      type: 'azure',
      accountName: 'a',
      containerName: 'c',
      authMethod: 'key',
      urlTtlMs: 60_000,
    };
    const { expiresAtMs } = await linksOf({}, azure).links.downloadUrl(wanted);
    expect(Math.abs(expiresAtMs - Date.now() - 60_000)).toBeLessThan(2_000);
  });

  it('is one of this server when downloads go through the server', async () => {
    const { url } = await linksOf({ proxyDownloads: true }).links.downloadUrl(wanted);
    expect(url.startsWith('/v1/files/')).toBe(true);
  });

  it('is one of this server when the storage cannot sign, or is not configured any more', async () => {
    const made = linksOf({});
    made.store.fails = true;
    expect((await made.links.downloadUrl(wanted)).url).toMatch(/^\/v1\/files\//);
    expect((await linksOf({}).links.downloadUrl({ ...wanted, storage: 'gone' })).url).toMatch(
      /^\/v1\/files\//,
    );
  });
});

describe('a download URL with a CDN', () => {
  const cdnUrl = 'https://cdn.example.com/registry/';

  it('begins with the address of the CDN and keeps path and signature of the storage', async () => {
    const { url } = await linksOf({ cdnUrl }).links.downloadUrl(wanted);
    expect(url).toMatch(/^https:\/\/cdn\.example\.com\/registry\/b\/blobs\/.*[?&]expires=\d+&filename=/);
  });

  it('begins with it also where this server is behind the CDN', async () => {
    const local: BackendSettings = { type: 'local', basePath: directory, serveDirectly: false };
    const { url, acceptsParameters } = await linksOf({ cdnUrl }, local).links.downloadUrl(wanted);
    expect(url.startsWith(`https://cdn.example.com/registry/v1/files/${ENCODED}?expires=`)).toBe(true);
    expect(acceptsParameters).toBe(true);
  });

  it('carries no signature for public content in public mode', async () => {
    const { url } = await linksOf({ cdnUrl, cdnMode: 'public' }).links.downloadUrl(wanted);
    expect(url).toBe(`https://cdn.example.com/registry/${ENCODED}`);
  });

  it('stays away from the CDN for private content in public mode', async () => {
    const made = linksOf({ cdnUrl, cdnMode: 'public' });
    const { url } = await made.links.downloadUrl({ ...wanted, isPublic: false });
    expect(url).toMatch(/^https:\/\/bucket\.example\.com\/.*expires=/);
  });
});
