import { createHash } from 'node:crypto';
import * as openpgp from 'openpgp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { moduleArchive, packageName, providerPackage } from '../support/build-fixtures.js';
import { E2eRegistry } from '../support/e2e-registry.js';
import { publishModule, publishProvider } from '../support/publish-client.js';

/** What `tofu` 1.12 sends to an API; its own client fetches files with one GET. */
const API = { 'x-terraform-version': '1.12.0', 'user-agent': 'OpenTofu/1.12.0', 'accept-encoding': 'gzip' };
const FILE = { 'user-agent': 'OpenTofu/1.12.0', 'accept-encoding': 'identity, gzip, *;q=0.1' };

interface DownloadDocument {
  protocols: string[];
  os: string;
  arch: string;
  filename: string;
  shasum: string;
  download_url: string;
  shasums_url: string;
  shasums_signature_url: string;
  signing_keys: { gpg_public_keys: { key_id: string; ascii_armor: string; trust_signature: string }[] };
  packages?: Record<string, { hashes: string[]; package_size: number }>;
}

const sha256 = (data: Buffer): Buffer => createHash('sha256').update(data).digest();

/** `h1:` of a package of the sample provider, computed from its files as the CLI does. */
function directoryHash(files: Record<string, Buffer>): string {
  const lines = Object.keys(files)
    .sort()
    .map((name) => `${sha256(files[name]!).toString('hex')}  ${name}\n`);
  return `h1:${sha256(Buffer.from(lines.join(''))).toString('base64')}`;
}

/** The stored files of a zip without compression, by name. */
function storedFiles(zip: Buffer): Record<string, Buffer> {
  const files: Record<string, Buffer> = {};
  for (let at = 0; zip.readUInt32LE(at) === 0x04034b50;) {
    const size = zip.readUInt32LE(at + 18);
    const start = at + 30 + zip.readUInt16LE(at + 26);
    files[zip.toString('utf8', at + 30, start)] = zip.subarray(start, start + size);
    at = start + size;
  }
  return files;
}

describe('the requests of OpenTofu', () => {
  let e2e: E2eRegistry;
  const archive = moduleArchive();
  const platforms = ['linux_amd64', 'windows_amd64'];
  const packages = Object.fromEntries(
    platforms.map((key) => [key, providerPackage('mycloud', '1.0.0', key)]),
  );

  beforeAll(async () => {
    e2e = await E2eRegistry.start('tls');
    expect(await publishModule(e2e.publish, { version: '1.0.0', archive })).toMatchObject({ status: 201 });
    for (const [key, file] of Object.entries(packages)) {
      const [os, arch] = key.split('_');
      const answer = await publishProvider(e2e.publish, { version: '1.0.0', os, arch, file });
      expect(answer.status, answer.body.toString()).toBe(201);
    }
  });
  afterAll(() => e2e?.stop());

  const download = async (platform: string): Promise<DownloadDocument> => {
    const path = `/v1/providers/myorg/mycloud/1.0.0/download/${platform.replace('_', '/')}`;
    const answer = await e2e.get(path, { headers: API });
    expect(answer.status).toBe(200);
    return answer.json<DownloadDocument & Record<string, unknown>>();
  };

  it('gets a discovery document with absolute addresses of the configured public URL (checklist 1–3, 5–8)', async () => {
    const unusual: Record<string, string>[] = [
      {},
      { authorization: 'Bearer tfr_unknown' },
      { 'x-forwarded-host': 'evil.example.com' },
    ];
    for (const headers of unusual) {
      const answer = await e2e.get('/.well-known/terraform.json', { headers });
      expect(answer.status).toBe(200);
      expect(answer.headers['content-type']).toMatch(/^application\/json(;|$)/);
      expect(Number(answer.headers['content-length'])).toBe(answer.body.length);
      expect(answer.json()).toEqual({
        'modules.v1': `${e2e.proxy.url}/v1/modules/`,
        'providers.v1': `${e2e.proxy.url}/v1/providers/`,
      });
    }
  });

  it('gets a module: one element, then an empty 204 with a location, then the archive by one GET (checklist 40, 44, 45, 52, 54)', async () => {
    const versions = await e2e.get('/v1/modules/myorg/vpc/aws/versions', { headers: API });
    const { modules } = versions.json<{ modules: { versions: unknown[] }[] }>();
    expect(modules).toHaveLength(1);
    expect(modules[0]!.versions).toEqual([{ version: '1.0.0' }]);

    const location = await e2e.get('/v1/modules/myorg/vpc/aws/1.0.0/download', { headers: API });
    expect(location.status).toBe(204);
    expect(location.body).toHaveLength(0);
    const url = new URL(String(location.headers['x-terraform-get']), e2e.proxy.url);
    expect(url.pathname).toMatch(/\.tar\.gz$/);

    const file = await e2e.get(url.href, { headers: FILE });
    expect(file.status).toBe(200);
    expect(file.headers['content-encoding']).toBeUndefined();
    expect(Number(file.headers['content-length'])).toBe(archive.length);
    expect(file.body.equals(archive)).toBe(true);
  });

  it('gets the packages of all platforms with zh, h1 and exact size (checklist 72, 74, 90)', async () => {
    const document = await download('linux_amd64');
    expect(Object.keys(document.packages ?? {}).sort()).toEqual(platforms);
    for (const [key, zip] of Object.entries(packages)) {
      const found = document.packages![key]!;
      expect(found.package_size).toBe(zip.length);
      const hashes = [`zh:${sha256(zip).toString('hex')}`, directoryHash(storedFiles(zip))];
      expect(found.hashes.toSorted()).toEqual(hashes.toSorted());
    }
    expect(document.packages!['linux_amd64']!.hashes).toContain(`zh:${document.shasum}`);
    expect(document).toMatchObject({ protocols: ['5.0'], os: 'linux', arch: 'amd64' });
  });

  it('gets a checksum document that the listed key signed, and a zip that it lists (checklist 73–76, 79, 81, 83, 84)', async () => {
    for (const platform of platforms) {
      const document = await download(platform);
      const sums = await e2e.get(document.shasums_url, { headers: API });
      const signature = await e2e.get(document.shasums_signature_url, { headers: API });
      const zip = await e2e.get(document.download_url, { headers: FILE });
      expect([sums.status, signature.status, zip.status]).toEqual([200, 200, 200]);

      expect(document.filename).toBe(packageName('mycloud', '1.0.0', platform));
      expect(sums.body.toString()).toContain(`${document.shasum}  ${document.filename}\n`);
      expect(sums.body.toString()).not.toMatch(/\n\n|\r/);
      expect(sha256(zip.body).toString('hex')).toBe(document.shasum);

      const [listed] = document.signing_keys.gpg_public_keys;
      expect(document.signing_keys.gpg_public_keys).toHaveLength(1);
      expect(listed).toMatchObject({ trust_signature: '', key_id: expect.stringMatching(/^[0-9A-F]{16}$/) });
      const key = await openpgp.readKey({ armoredKey: listed!.ascii_armor });
      expect(key.getKeyID().toHex().toUpperCase()).toBe(listed!.key_id);
      const verified = await openpgp.verify({
        message: await openpgp.createMessage({ binary: sums.body }),
        signature: await openpgp.readSignature({ binarySignature: signature.body }),
        verificationKeys: key,
      });
      expect(verified.signatures).toHaveLength(1);
      await expect(verified.signatures[0]!.verified).resolves.toBe(true);
    }
  });

  it('gets JSON whatever it accepts, and 404 instead of a page (checklist 115, 116)', async () => {
    for (const accept of [undefined, '*/*', 'application/json', 'text/html']) {
      const headers = { ...API, ...(accept && { accept }) };
      const known = await e2e.get('/v1/providers/myorg/mycloud/versions', { headers });
      expect(known.headers['content-type']).toMatch(/^application\/json/);
      const unknown = await e2e.get('/v1/providers/myorg/nothing/versions', { headers });
      expect(unknown.status).toBe(404);
      expect(unknown.headers['content-type']).toMatch(/^application\/json/);
      expect(unknown.json()).toHaveProperty('errors');
    }
  });
});
