import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packageName, packZip, providerPackage, testSigner } from '../../../../../support/build-fixtures.js';
import type { TestSigner } from '../../../../../support/build-fixtures.js';
import { uniqueName } from '../../../../../support/factories/names.js';
import {
  aSignedRelease,
  oneOf,
  providerProtocolPath,
} from '../../../../../support/factories/provider.factory.js';
import type { FormPart } from '../../../../../support/publish-client.js';
import { TestApp } from '../../../../../support/test-app.js';
import { anUuid, expectApiError, sha256 } from '../../../support/expectations.js';
import { serveRelease } from '../../../support/served-release.js';

const PLATFORMS = ['darwin_arm64', 'linux_amd64', 'linux_arm64', 'windows_amd64'];

describe('POST /api/v1/providers, a release in one call', () => {
  let app: TestApp;
  let signer: TestSigner;

  beforeAll(async () => {
    [app, signer] = await Promise.all([TestApp.start(), testSigner()]);
  });
  afterAll(() => app?.stop());

  it('answers 201 with every platform, and serves all of them (checklist 76, 78, 80, 90)', async () => {
    const release = await aSignedRelease(signer, { platforms: PLATFORMS, version: '1.2.0' });
    const answer = await app.publishRelease(release);
    expect(answer.status).toBe(201);
    const body = answer.json<{ platforms: { os: string; arch: string }[] } & Record<string, unknown>>();
    expect(body).toEqual({
      id: anUuid,
      namespace: 'acme',
      type: release.type,
      version: '1.2.0',
      protocols: ['5.0'],
      version_id: anUuid,
      signed: true,
      platforms: expect.any(Array),
    });
    const expected = PLATFORMS.map((platform) => {
      const filename = packageName(release.type, '1.2.0', platform);
      const file = release.packages[filename]!;
      const [os, arch] = platform.split('_');
      return { os, arch, checksum: sha256(file), size_bytes: file.length, filename };
    });
    const byName = (list: { os: string; arch: string }[]) =>
      list.toSorted((one, other) => `${one.os}_${one.arch}`.localeCompare(`${other.os}_${other.arch}`));
    expect(byName(body.platforms)).toEqual(expected);
    for (const platform of PLATFORMS) {
      const { sums, zip, document } = await serveRelease(app, release, platform.replace('_', '/'));
      expect(sums.toString()).toBe(release.shasums);
      expect(zip.equals(release.packages[packageName(release.type, '1.2.0', platform)]!)).toBe(true);
      expect(Object.keys(document.packages!).sort()).toEqual(PLATFORMS);
    }
  });

  it('takes a single platform in this form too, and the parts in any order', async () => {
    const { publicKey, ...release } = await aSignedRelease(signer, { platforms: ['linux_amd64'] });
    const [[filename, value] = ['', Buffer.alloc(0)]] = Object.entries(release.packages);
    const parts: FormPart[] = [
      { name: 'file', value, filename },
      { name: 'gpg_public_key', value: publicKey },
      { name: 'shasums_signature_file', value: release.shasumsSignature, filename: 's.sig' },
      { name: 'version', value: 'v1' },
      { name: 'shasums_file', value: release.shasums, filename: 's' },
      { name: 'type', value: release.type },
      { name: 'namespace', value: 'acme' },
    ];
    const answer = await app.postForm('/api/v1/providers', parts, app.publisherKey);
    expect(answer.status).toBe(201);
    expect(answer.json()).toMatchObject({ platforms: [{ filename }] });
    await serveRelease(app, release);
  });

  it('is all or nothing: one bad package refuses the whole release (checklist 89)', async () => {
    const namespace = uniqueName('whole');
    const type = uniqueName('whole');
    const good = packageName(type, '1.0.0', 'linux_amd64');
    const bad = packageName(type, '1.0.0', 'linux_arm64');
    const release = await aSignedRelease(signer, {
      namespace,
      type,
      packages: {
        [good]: providerPackage(type, '1.0.0', 'linux_amd64'),
        [bad]: packZip([{ name: 'README.md', data: 'no program' }]),
      },
    });
    const before = await app.query('SELECT id FROM artifacts');
    expectApiError(await app.publishRelease(release), 400, /^Invalid provider binary: /);
    expect(await app.query('SELECT 1 FROM namespace_claims WHERE name = $1', [namespace])).toEqual([]);
    expect(await app.query('SELECT 1 FROM registry_providers WHERE namespace = $1', [namespace])).toEqual([]);
    expect(await app.query('SELECT id FROM artifacts')).toEqual(before);
  });

  it('is all or nothing: one platform that is there refuses the others (checklist 88)', async () => {
    const release = await aSignedRelease(signer, { platforms: PLATFORMS });
    expect((await app.publishProvider(oneOf(release, 'linux', 'amd64'))).status).toBe(201);
    const file = release.packages[packageName(release.type, '1.0.0', 'linux_amd64')]!;
    expectApiError(
      await app.publishRelease(release),
      409,
      'Platform linux/amd64 already exists for version 1.0.0',
      { checksum: sha256(file) },
    );
    const list = await app.request(`${providerProtocolPath(release)}/versions`, { lean: true });
    expect(list.json()).toMatchObject({ versions: [{ platforms: [{ os: 'linux', arch: 'amd64' }] }] });
    const rest = Object.fromEntries(
      Object.entries(release.packages).filter(([name]) => !name.includes('linux_amd64')),
    );
    expect((await app.publishRelease({ ...release, packages: rest })).status).toBe(201);
    for (const platform of PLATFORMS) await serveRelease(app, release, platform.replace('_', '/'));
  });

  it('needs document and signature', async () => {
    const release = await aSignedRelease(signer);
    const parts: FormPart[] = [
      { name: 'namespace', value: 'acme' },
      { name: 'type', value: release.type },
      { name: 'version', value: '1.0.0' },
      ...Object.entries(release.packages).map(([filename, value]) => ({ name: 'file', value, filename })),
    ];
    const sentence = 'Invalid checksums: a release in one call needs shasums_file and shasums_signature_file';
    const without = await app.postForm('/api/v1/providers', parts, app.publisherKey);
    expectApiError(without, 400, sentence);
    const sums: FormPart = { name: 'shasums_file', value: release.shasums, filename: 's' };
    const half = await app.postForm('/api/v1/providers', [...parts, sums], app.publisherKey);
    expectApiError(half, 400, sentence);
  });

  it.each<[string, (type: string) => string]>([
    ['another type', () => packageName('other', '1.0.0', 'linux_amd64')],
    ['another version', (type) => packageName(type, '1.0.1', 'linux_amd64')],
    ['no platform', (type) => `terraform-provider-${type}_1.0.0.zip`],
    ['any name', () => 'provider.zip'],
  ])('refuses a file named after %s', async (_what, nameOf) => {
    const type = uniqueName('named');
    const canonical = packageName(type, '1.0.0', 'linux_amd64');
    const release = await aSignedRelease(signer, { type, platforms: ['linux_amd64'] });
    const packages = { [nameOf(type)]: release.packages[canonical]! };
    const answer = await app.publishRelease({ ...release, packages });
    expectApiError(
      answer,
      400,
      `Invalid provider binary: a file of a release is named terraform-provider-${type}_1.0.0_<os>_<arch>.zip`,
    );
  });

  it('refuses two files for one platform', async () => {
    const release = await aSignedRelease(signer, { platforms: ['linux_amd64'] });
    const [[filename, value] = ['', Buffer.alloc(0)]] = Object.entries(release.packages);
    const parts: FormPart[] = [
      { name: 'namespace', value: 'acme' },
      { name: 'type', value: release.type },
      { name: 'version', value: '1.0.0' },
      { name: 'shasums_file', value: release.shasums, filename: 's' },
      { name: 'shasums_signature_file', value: release.shasumsSignature, filename: 's.sig' },
      { name: 'gpg_public_key', value: release.publicKey },
      { name: 'file', value, filename },
      { name: 'file', value, filename },
    ];
    const answer = await app.postForm('/api/v1/providers', parts, app.publisherKey);
    expectApiError(answer, 400, 'Invalid provider binary: two files are for the same platform');
  });

  it('refuses a release whose document does not list a file', async () => {
    const release = await aSignedRelease(signer, { platforms: ['linux_amd64'] });
    const more = packageName(release.type, '1.0.0', 'linux_arm64');
    const packages = {
      ...release.packages,
      [more]: providerPackage(release.type, '1.0.0', 'linux_arm64'),
    };
    const answer = await app.publishRelease({ ...release, packages });
    expectApiError(answer, 400, `Invalid checksums: shasums_file has no line for ${more}`);
    expect((await app.request(`${providerProtocolPath(release)}/versions`)).status).toBe(404);
  });

  it('has one winner among simultaneous calls', async () => {
    const release = await aSignedRelease(signer, { platforms: ['linux_amd64', 'linux_arm64'] });
    const answers = await Promise.all(Array.from({ length: 8 }, () => app.publishRelease(release)));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array(7).fill(409)]);
    await serveRelease(app, release);
  });
});
