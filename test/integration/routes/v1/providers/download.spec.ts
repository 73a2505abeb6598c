import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packZip } from '../../../../support/build-fixtures.js';
import {
  aProvider,
  onPlatform,
  providerApiPath,
  providerProtocolPath,
} from '../../../../support/factories/provider.factory.js';
import { TestApp } from '../../../../support/test-app.js';
import { expectProtocolError, sha256 } from '../../support/expectations.js';
import { type DownloadDocument, serveRelease } from '../../support/served-release.js';

/** Terraform's directory hash, written down once more from its description. */
function h1Of(files: Record<string, string>): string {
  const lines = Object.entries(files)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, content]) => `${sha256(content)}  ${name}\n`);
  return `h1:${createHash('sha256').update(lines.join('')).digest('base64')}`;
}

describe('GET /v1/providers/{namespace}/{type}/{version}/download/{os}/{arch}', () => {
  let app: TestApp;
  const provider = aProvider({ version: '1.2.0' });
  const base = providerProtocolPath(provider);
  const path = `${base}/1.2.0/download/linux/amd64`;

  beforeAll(async () => {
    app = await TestApp.start();
    expect((await app.publishProvider(provider)).status).toBe(201);
    const arm = onPlatform(provider, 'darwin', 'arm64');
    expect((await app.publishProvider(arm)).status).toBe(201);
  });
  afterAll(() => app?.stop());

  it.each([
    ['a CLI', true],
    ['everybody else', false],
  ])(
    'has exactly the fields of the contract, for %s (checklist 71, 72, 73, 74, 83, 84)',
    async (_who, lean) => {
      const answer = await app.request(path, { lean });
      expect(answer.status).toBe(200);
      const link = expect.stringMatching(
        /^http:\/\/registry\.test\/v1\/files\/blobs\/sha256\/.*\?expires=\d+&/,
      );
      expect(answer.json()).toEqual({
        protocols: ['5.0'],
        os: 'linux',
        arch: 'amd64',
        filename: `terraform-provider-${provider.type}_1.2.0_linux_amd64.zip`,
        download_url: link,
        shasums_url: link,
        shasums_signature_url: link,
        shasum: sha256(provider.file),
        signing_keys: {
          gpg_public_keys: [
            {
              key_id: expect.stringMatching(/^[0-9A-F]{16}$/),
              ascii_armor: expect.stringMatching(/^-----BEGIN PGP PUBLIC KEY BLOCK-----/),
              trust_signature: '',
              source: '',
              source_url: '',
            },
          ],
        },
        packages: expect.any(Object),
      });
      expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
      expect(answer.headers['cache-control']).toBe('no-store');
      expect(answer.headers['vary']).toContain('X-Terraform-Version');
    },
  );

  it('leads to bytes, checksums of all platforms and a signature of a listed key (checklist 16, 73, 74, 75, 76, 78, 79, 82, 94)', async () => {
    const served = await serveRelease(app, provider);
    expect(served.zip.equals(provider.file)).toBe(true);
    const lines = served.sums.toString().trimEnd().split('\n');
    expect(lines.map((line) => line.split('  ')[1])).toEqual([
      `terraform-provider-${provider.type}_1.2.0_darwin_arm64.zip`,
      `terraform-provider-${provider.type}_1.2.0_linux_amd64.zip`,
    ]);
    const registry = (await app.request('/api/v1/signing-key')).json<Record<string, string>>();
    expect(served.document.signing_keys.gpg_public_keys).toMatchObject([
      { key_id: registry['key_id'], ascii_armor: registry['ascii_armor'] },
    ]);
  });

  it('names zh, h1 and size of every platform of the version (checklist 90)', async () => {
    const type = 'hashed';
    const contents = {
      README: 'read me',
      [`terraform-provider-${type}_v1.0.0`]: '#!/bin/sh\n',
    };
    const zipOf = (files: Record<string, string>) =>
      packZip(Object.entries(files).map(([name, data]) => ({ name, data, mode: 0o755 })));
    const linux = aProvider({ type, file: zipOf(contents) });
    const darwin = { ...linux, os: 'darwin', file: zipOf({ ...contents, README: 'other' }) };
    for (const one of [linux, darwin]) expect((await app.publishProvider(one)).status).toBe(201);
    const packages = {
      linux_amd64: {
        hashes: [`zh:${sha256(linux.file)}`, h1Of(contents)],
        package_size: linux.file.length,
      },
      darwin_amd64: {
        hashes: [`zh:${sha256(darwin.file)}`, h1Of({ ...contents, README: 'other' })],
        package_size: darwin.file.length,
      },
    };
    for (const os of ['linux', 'darwin']) {
      const { document } = await serveRelease(app, linux, `${os}/amd64`);
      expect(document.packages).toEqual(packages);
      expect(document.packages![`${os}_amd64`]!.hashes[0]).toBe(`zh:${document.shasum}`);
    }
  });

  it('takes the namespace in any case and the version in any spelling (checklist 42, 91)', async () => {
    const plain = (await app.request(path, { lean: true })).json();
    for (const other of [
      path.replace('/acme/', '/Acme/'),
      path.replace('1.2.0', 'v1.2'),
      path.replace('1.2.0', '1.2'),
    ]) {
      const answer = await app.request(other, { lean: true });
      expect(answer.status).toBe(200);
      expect(answer.json()).toEqual(plain);
    }
  });

  it('hands out links that live 10 to 15 minutes and name no caller (checklist 20, 21)', async () => {
    const anonymous = (await app.request(path, { lean: true })).json<
      DownloadDocument & Record<string, unknown>
    >();
    const known = (await app.request(path, { lean: true, key: app.publisherKey })).json();
    expect(known).toEqual(anonymous);
    const { download_url, shasums_url, shasums_signature_url } = anonymous;
    for (const link of [download_url, shasums_url, shasums_signature_url]) {
      const secondsLeft = Number(new URL(link).searchParams.get('expires')) - Date.now() / 1000;
      expect(secondsLeft).toBeGreaterThan(600);
      expect(secondsLeft).toBeLessThanOrEqual(901);
      expect(link).not.toContain('tfr_');
    }
  });

  it('counts each GET once and no HEAD, per platform, in number and metric (checklist 62)', async () => {
    const counted = aProvider({ namespace: 'counted' });
    await app.publishProvider(counted);
    await app.publishProvider(onPlatform(counted, 'darwin', 'arm64'));
    const target = `${providerProtocolPath(counted)}/1.0.0/download`;
    for (let round = 0; round < 4; round += 1) await app.request(`${target}/linux/amd64`, { lean: true });
    await app.request(`${target}/linux/amd64`);
    await app.request(`${target}/darwin/arm64`, { lean: true });
    for (const lean of [true, false]) {
      const head = await app.request(`${target}/linux/amd64`, { lean, method: 'HEAD' });
      expect(head).toMatchObject({ status: 200, body: Buffer.alloc(0) });
    }
    const list = await app.request(`${providerProtocolPath(counted)}/versions`);
    expect(list.json()).toMatchObject({
      versions: [{ download_count: 6, platforms: [{ download_count: 1 }, { download_count: 5 }] }],
    });
    expect((await app.request(providerApiPath(counted))).json()).toMatchObject({ download_count: 6 });
    const labels = { namespace: 'counted', type: counted.type, os: 'linux', arch: 'amd64' };
    expect(await app.metric('provider_downloads_total', labels)).toBe(5);
    expect(await app.metric('provider_downloads_total', { ...labels, os: 'darwin', arch: 'arm64' })).toBe(1);
  });

  it('refuses bad versions and platforms with 400 (checklist 108, 111)', async () => {
    const bad: [string, RegExp][] = [
      [path.replace('1.2.0', '1.x'), /^Invalid version format: /],
      [path.replace('1.2.0', '01.2.0'), /^Invalid version format: /],
      [path.replace('/linux/', '/Linux/'), /^Invalid platform: /],
      [path.replace('/amd64', '/amd_64'), /^Invalid platform: /],
      [path.replace('/amd64', `/${'a'.repeat(33)}`), /^Invalid platform: /],
    ];
    for (const [target, sentence] of bad) {
      for (const lean of [true, false]) {
        const answer = await app.request(target, { lean });
        expect(answer.status).toBe(400);
        const body = answer.json<{ error: string; errors: string[] }>();
        expect(body.error).toMatch(sentence);
        expect(body.errors).toEqual([body.error]);
      }
    }
  });

  it('reads + in a version raw and as %2B alike (checklist 118)', async () => {
    for (const version of ['1.2.0+b1', '1.2.0%2Bb1']) {
      const answer = await app.request(path.replace('1.2.0', version), { lean: true });
      expectProtocolError(answer, 400, 'Invalid version format: build metadata (+…) is not accepted');
    }
  });

  it('tells an unknown provider, version and platform apart, all 404 (checklist 15, 86, 111, 116)', async () => {
    const headers = { accept: 'text/html' };
    for (const lean of [true, false]) {
      const noPlatform = await app.request(path.replace('amd64', 'riscv64'), { lean, headers });
      expectProtocolError(noPlatform, 404, 'Provider platform not found');
      const noVersion = await app.request(path.replace('1.2.0', '9.9.9'), { lean, headers });
      expectProtocolError(noVersion, 404, 'Provider version not found');
      const noProvider = await app.request(path.replace(provider.type, 'nothing'), { lean, headers });
      expectProtocolError(noProvider, 404, 'Provider not found');
    }
  });

  it('is answered by a second process at once', async () => {
    const second = await app.another();
    try {
      const shared = aProvider();
      const target = `${providerProtocolPath(shared)}/1.0.0/download/linux/amd64`;
      expect((await second.request(target, { lean: true })).status, 'known to be absent').toBe(404);
      expect((await app.publishProvider(shared)).status).toBe(201);
      const statusOf = async () => (await second.request(target, { lean: true })).status;
      await expect.poll(statusOf, { timeout: 2_000 }).toBe(200);
      expect((await serveRelease(second, shared)).zip.equals(shared.file)).toBe(true);

      // The documents of the first platform name the second one, in both processes.
      expect((await app.publishProvider(onPlatform(shared, 'darwin', 'arm64'))).status).toBe(201);
      const platformsOf = async () => {
        const answer = await second.request(target, { lean: true });
        return Object.keys(answer.json<{ packages: object }>().packages);
      };
      await expect.poll(platformsOf, { timeout: 2_000 }).toEqual(['darwin_arm64', 'linux_amd64']);
    } finally {
      await second.stop();
    }
  });
});
