import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packZip, testSigner, type TestSigner } from '../../../../../support/build-fixtures.js';
import { uniqueName } from '../../../../../support/factories/names.js';
import {
  aProvider,
  onPlatform,
  providerApiPath,
  providerProtocolPath,
} from '../../../../../support/factories/provider.factory.js';
import { buildZip } from '../../../../../support/archives/zip-builder.js';
import { multipartBody, type FormPart } from '../../../../../support/publish-client.js';
import { TestApp } from '../../../../../support/test-app.js';
import { anUuid, expectApiError, sha256 } from '../../../support/expectations.js';
import { serveRelease } from '../../../support/served-release.js';

type Provider = ReturnType<typeof aProvider>;

const REQUIRED = ['namespace', 'type', 'version', 'os', 'arch'] as const;
const fieldsOf = (provider: Provider): FormPart[] =>
  REQUIRED.map((name) => ({ name, value: String(provider[name]) }));
const fileOf = (provider: Provider): FormPart => ({ name: 'file', value: provider.file, filename: 'p.zip' });

describe('POST /api/v1/providers, one platform', () => {
  let app: TestApp;
  let signer: TestSigner;

  beforeAll(async () => {
    [app, signer] = await Promise.all([
      TestApp.start({ TFR_UPLOADS_PROVIDER_MAX_SIZE: '64KiB' }),
      testSigner(),
    ]);
  });
  afterAll(() => app?.stop());

  const post = (parts: readonly FormPart[], key: string | undefined = app.publisherKey) =>
    app.postForm('/api/v1/providers', parts, key);

  it('answers 201 with every field of the contract', async () => {
    const provider = aProvider({ version: '1.2.0' });
    const answer = await app.publishProvider({ ...provider, version: 'v1.2', filename: 'anything.zip' });
    expect(answer.status).toBe(201);
    expect(answer.json()).toEqual({
      id: anUuid,
      namespace: 'acme',
      type: provider.type,
      version: '1.2.0',
      os: 'linux',
      arch: 'amd64',
      protocols: ['5.0'],
      checksum: sha256(provider.file),
      size_bytes: provider.file.length,
      filename: `terraform-provider-${provider.type}_1.2.0_linux_amd64.zip`,
      version_id: anUuid,
      signed: false,
    });
  });

  it('takes the parts in any order, and the key as file and as text', async () => {
    for (const filename of ['public_key.asc', undefined]) {
      for (const shift of [0, 2, 6]) {
        const provider = aProvider();
        const key = { name: 'gpg_public_key', value: signer.publicKey, filename } as FormPart;
        const parts = [key, ...fieldsOf(provider), fileOf(provider), { name: 'colour', value: 'blue' }];
        const answer = await post([...parts.slice(shift), ...parts.slice(0, shift)]);
        expect(answer.status).toBe(201);
        // The key is kept, but the registry signed, so only the registry's key is listed (checklist 82).
        expect(answer.json()['signed']).toBe(false);
        const { document } = await serveRelease(app, provider);
        expect(document.signing_keys.gpg_public_keys[0]!.ascii_armor).not.toBe(signer.publicKey);
        const rows = await app.query<{ publisher_key_armor: string }>(
          `SELECT publisher_key_armor FROM provider_versions v JOIN registry_providers p ON p.id = v.provider_id
           WHERE p.type = $1`,
          [provider.type],
        );
        expect(rows[0]!.publisher_key_armor).toMatch(/BEGIN PGP PUBLIC KEY BLOCK/);
      }
    }
  });

  it('folds the namespace to lower case (checklist 91)', async () => {
    const provider = aProvider({ namespace: 'ACME' });
    const answer = await app.publishProvider(provider);
    expect(answer.json()).toMatchObject({ namespace: 'acme' });
    await serveRelease(app, { ...provider, namespace: 'acme' });
  });

  it('takes every platform that a CLI knows', async () => {
    const provider = aProvider();
    const platforms = ['netbsd/arm', 'linux/riscv64', 'linux/ppc64le', 'linux/s390x', 'windows/amd64'];
    for (const platform of platforms) {
      const [os, arch] = platform.split('/') as [string, string];
      expect((await app.publishProvider(onPlatform(provider, os, arch))).status).toBe(201);
      await serveRelease(app, provider, platform);
    }
  });

  describe('protocols', () => {
    const send = (provider: Provider, protocols: string) =>
      post([...fieldsOf(provider), { name: 'protocols', value: protocols }, fileOf(provider)]);

    it.each([
      ['["5.0"]', ['5.0']],
      ['["6"]', ['6.0']],
      ['["5.0","6.1"]', ['5.0', '6.1']],
      ['["5.0","5"]', ['5.0']],
      ['', ['5.0']],
    ])('%s are served as %o (checklist 68, 72)', async (text, protocols) => {
      const provider = aProvider();
      const answer = await send(provider, text);
      expect(answer.json()).toMatchObject({ protocols });
      expect((await serveRelease(app, provider)).document.protocols).toEqual(protocols);
      const list = await app.request(`${providerProtocolPath(provider)}/versions`, { lean: true });
      expect(list.json()).toMatchObject({ versions: [{ protocols }] });
    });

    it.each(['5.0', '"5.0"', '[]', '[5]', '["five"]', '["5.0.0"]', '[""]', '{}', '["0.1"]', '[null]'])(
      '%s are refused with 400',
      async (text) => {
        const answer = await send(aProvider(), text);
        expectApiError(answer, 400, /^Invalid protocols format \(must be JSON array\): .+/);
      },
    );

    it('of a later call must be the same or absent', async () => {
      const provider = aProvider();
      await send(provider, '["5.0","6.0"]');
      const arm = onPlatform(provider, 'linux', 'arm64');
      const answer = await send(arm, '["5.0"]');
      expectApiError(
        answer,
        409,
        'Version 1.0.0 was published with another protocols; send the same one or leave it out',
      );
      expect((await send(arm, '["6.0","5.0"]')).status).toBe(201);
      const darwin = await app.publishProvider(onPlatform(provider, 'darwin', 'arm64'));
      expect(darwin.json()).toMatchObject({ protocols: ['5.0', '6.0'] });
    });
  });

  describe('refuses with 400', () => {
    it.each(REQUIRED)('a form without %s', async (field) => {
      const provider = aProvider();
      const parts = [...fieldsOf(provider), fileOf(provider)].filter(({ name }) => name !== field);
      const sentence = 'Missing required fields: namespace, type, version, os, arch';
      expectApiError(await post(parts), 400, sentence, { fields: { [field]: 'is required' } });
    });

    it('a form without a file, and with two files', async () => {
      const provider = aProvider();
      expectApiError(await post(fieldsOf(provider)), 400, 'Missing or invalid file upload');
      const two = await post([...fieldsOf(provider), fileOf(provider), fileOf(provider)]);
      expectApiError(two, 400, 'Send one file with os and arch, or several files without them');
    });

    it.each(['1.0.0+b1', '1.0.0.0', 'banana', 'v01.0.0'])(
      'the version %s (checklist 67)',
      async (version) => {
        const answer = await app.publishProvider({ ...aProvider(), version });
        expectApiError(answer, 400, /^Invalid version format: /, { fields: expect.any(Object) });
      },
    );

    it.each([{ os: 'Linux' }, { os: 'linux-gnu' }, { arch: 'x86_64' }, { arch: 'a'.repeat(32) + '!' }])(
      'the platform with %o',
      async (part) => {
        const answer = await app.publishProvider({ ...aProvider(), ...part });
        expect(answer.status).toBe(400);
        expect(answer.json()['error']).toMatch(/^(Invalid platform: |arch must be shorter)/);
      },
    );

    it.each([
      { namespace: 'search' },
      { namespace: '_x' },
      { type: 'My' },
      { type: 'a--b' },
      { type: 'terraform-cloud' },
      { type: 'a_b' },
    ])('the address with %o (checklist 56)', async (part) => {
      const provider = aProvider();
      const answer = await app.publishProvider({ ...provider, ...part });
      expect(answer.status).toBe(400);
      const [field] = Object.keys(part);
      expect(answer.json()).toMatchObject({
        error: expect.stringMatching(new RegExp(`^Invalid ${field}: `)),
        fields: { [field!]: expect.any(String) },
      });
    });

    const program = (type: string) => `terraform-provider-${type}_v1.0.0`;
    it.each<[string, (type: string) => Buffer]>([
      [
        'a directory entry',
        (type) =>
          buildZip([
            { name: 'docs/', mode: 0o40755 },
            { name: program(type), mode: 0o100755 },
          ]),
      ],
      ['no program', () => packZip([{ name: 'README.md', data: 'x', mode: 0o755 }])],
      ['the program of another type', () => packZip([{ name: program('other'), data: 'x', mode: 0o755 }])],
      [
        'the program of another version',
        (type) => packZip([{ name: `terraform-provider-${type}_v2.0.0`, data: 'x', mode: 0o755 }]),
      ],
      [
        'a program in a folder',
        (type) => packZip([{ name: `bin/${program(type)}`, data: 'x', mode: 0o755 }]),
      ],
      [
        'a program that may not be executed',
        (type) => packZip([{ name: program(type), data: 'x', mode: 0o644 }]),
      ],
      [
        'a path that leaves it',
        (type) =>
          packZip([
            { name: program(type), data: 'x', mode: 0o755 },
            { name: '../evil', data: 'x' },
          ]),
      ],
      [
        'a symbolic link',
        (type) =>
          buildZip([
            { name: program(type), mode: 0o100755 },
            { name: 'l', content: '/etc', mode: 0o120777 },
          ]),
      ],
      [
        'cut off bytes',
        (type) => packZip([{ name: program(type), data: 'x'.repeat(500), mode: 0o755 }]).subarray(0, 300),
      ],
      ['no bytes', () => Buffer.alloc(0)],
    ])('a zip with %s, saying why, and stores nothing (checklist 89)', async (_what, build) => {
      const namespace = uniqueName('nothing');
      const provider = aProvider({ namespace });
      const before = await app.query('SELECT id FROM artifacts');
      const answer = await app.publishProvider({ ...provider, file: build(provider.type) });
      expectApiError(answer, 400, /^Invalid provider binary: \S.{10,}/);
      expect(await app.query('SELECT 1 FROM namespace_claims WHERE name = $1', [namespace])).toEqual([]);
      expect(await app.query('SELECT 1 FROM registry_providers WHERE namespace = $1', [namespace])).toEqual(
        [],
      );
      expect(await app.query('SELECT id FROM artifacts')).toEqual(before);
    });

    it.each([
      'not a key',
      '-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nxx\n-----END PGP PUBLIC KEY BLOCK-----\n',
    ])('a key that is none (checklist 81, 82)', async (publicKey) => {
      expectApiError(
        await app.publishProvider({ ...aProvider(), publicKey }),
        400,
        /^Invalid GPG public key: .+/,
      );
    });
  });

  it('takes a Windows program without executable bit, .exe only (checklist 89)', async () => {
    const provider = aProvider({ os: 'windows' });
    const name = `terraform-provider-${provider.type}_v1.0.0`;
    const without = packZip([{ name, data: 'x' }]);
    expect((await app.publishProvider({ ...provider, file: without })).status).toBe(400);
    const file = packZip([{ name: `${name}.exe`, data: 'x' }]);
    expect((await app.publishProvider({ ...provider, file })).status).toBe(201);
  });

  it('refuses a zip above the limit with 413', async () => {
    const provider = aProvider();
    const name = `terraform-provider-${provider.type}_v1.0.0`;
    const file = packZip([{ name, data: Buffer.alloc(70 * 1024), mode: 0o755 }]);
    expect((await app.publishProvider({ ...provider, file })).status).toBe(413);
  });

  it('refuses what is not a form with 415, no key with 401, and no scope with 403 (checklist 15)', async () => {
    const json = await app.request('/api/v1/providers', { method: 'POST', key: app.publisherKey, json: {} });
    expect(json.status).toBe(415);
    const provider = aProvider();
    const { contentType, body } = multipartBody([...fieldsOf(provider), fileOf(provider)]);
    const headers = { 'content-type': contentType };
    const anonymous = await app.request('/api/v1/providers', { method: 'POST', headers, body });
    expectApiError(anonymous, 401, 'Missing authorization header');
    const key = await app.issueKey('providers:read,modules:write');
    expectApiError(await app.publishProvider(provider, key), 403, 'Missing required scope', {
      details: 'Required scope: providers:write',
    });
  });

  it('refuses a platform that is there with 409 and its checksum, and serves the first bytes (checklist 88)', async () => {
    const provider = aProvider();
    await app.publishProvider(provider);
    const readme = { name: 'README', data: 'other' };
    const name = `terraform-provider-${provider.type}_v1.0.0`;
    const other = packZip([readme, { name, data: 'x', mode: 0o755 }]);
    for (const file of [provider.file, other]) {
      for (const version of ['1.0.0', 'v1.0']) {
        const answer = await app.publishProvider({ ...provider, file, version });
        expectApiError(answer, 409, 'Platform linux/amd64 already exists for version 1.0.0', {
          checksum: sha256(provider.file),
        });
      }
    }
    expect((await serveRelease(app, provider)).zip.equals(provider.file)).toBe(true);
  });

  it('lets a version that the registry signs grow, without changing a line (checklist 78, 88, 94)', async () => {
    const provider = aProvider();
    let lines: string[] = [];
    const platforms = ['windows/amd64', 'linux/arm64', 'darwin/arm64', 'linux/amd64', 'freebsd/386'];
    for (const [index, platform] of platforms.entries()) {
      const [os, arch] = platform.split('/') as [string, string];
      expect((await app.publishProvider(onPlatform(provider, os, arch))).status).toBe(201);
      for (const held of platforms.slice(0, index + 1)) {
        const { sums } = await serveRelease(app, provider, held);
        const now = sums.toString().trimEnd().split('\n');
        expect(now).toHaveLength(index + 1);
        expect(now).toEqual(expect.arrayContaining(lines));
      }
      const { sums, document } = await serveRelease(app, provider, platform);
      lines = sums.toString().trimEnd().split('\n');
      expect(Object.keys(document.packages!).sort()).toEqual(
        platforms
          .slice(0, index + 1)
          .map((one) => one.replace('/', '_'))
          .sort(),
      );
    }
  });

  it('keeps links to an older checksum document working, with its signature', async () => {
    const provider = aProvider();
    await app.publishProvider(provider);
    const before = await serveRelease(app, provider);
    await app.publishProvider(onPlatform(provider, 'darwin', 'arm64'));
    const sums = await app.fetchLink(before.document.shasums_url);
    expect(sums.body.equals(before.sums)).toBe(true);
    const signature = await app.fetchLink(before.document.shasums_signature_url);
    expect(signature.body.equals(before.signature)).toBe(true);
  });

  it('takes two platforms at the same time, 20 rounds: both served, all verify (checklist 78)', async () => {
    for (let round = 0; round < 20; round += 1) {
      const linux = aProvider();
      const darwin = onPlatform(linux, 'darwin', 'arm64');
      const answers = await Promise.all([app.publishProvider(linux), app.publishProvider(darwin)]);
      expect(answers.map(({ status }) => status)).toEqual([201, 201]);
      for (const platform of ['linux/amd64', 'darwin/arm64']) {
        const { sums, document } = await serveRelease(app, linux, platform);
        expect(sums.toString().trimEnd().split('\n')).toHaveLength(2);
        expect(Object.keys(document.packages!)).toEqual(['darwin_arm64', 'linux_amd64']);
      }
    }
  });

  it('lets exactly one of 64 clients publish a platform (checklist 88)', async () => {
    const provider = aProvider();
    const name = `terraform-provider-${provider.type}_v1.0.0`;
    const files = Array.from({ length: 64 }, (_, index) =>
      packZip([{ name, data: `client ${index % 32}`, mode: 0o755 }]),
    );
    const answers = await Promise.all(files.map((file) => app.publishProvider({ ...provider, file })));
    const won = answers.flatMap(({ status }, index) => (status === 201 ? [index] : []));
    expect(won).toHaveLength(1);
    const checksum = sha256(files[won[0]!]!);
    for (const answer of answers) expect(answer.json()['checksum']).toBe(checksum);
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(63);
    expect(sha256((await serveRelease(app, provider)).zip)).toBe(checksum);
  });

  it('keeps description and source of the form', async () => {
    const provider = aProvider();
    const about = [
      { name: 'description', value: 'A cloud' },
      { name: 'source', value: 'https://git.example/p' },
    ];
    await post([...fieldsOf(provider), ...about, fileOf(provider)]);
    await app.publishProvider(onPlatform(provider, 'darwin', 'arm64'));
    const detail = await app.request(providerApiPath(provider));
    expect(detail.json()).toMatchObject({ description: 'A cloud', source: 'https://git.example/p' });
  });
});
