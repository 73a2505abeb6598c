import * as openpgp from 'openpgp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packageName, packZip, shasumsOf, testSigner } from '../../../../../support/build-fixtures.js';
import type { TestSigner } from '../../../../../support/build-fixtures.js';
import { uniqueName } from '../../../../../support/factories/names.js';
import {
  aProvider,
  aSignedRelease,
  oneOf,
  onPlatform,
  type SignedRelease,
} from '../../../../../support/factories/provider.factory.js';
import type { ProviderPublish } from '../../../../../support/publish-client.js';
import { TestApp } from '../../../../../support/test-app.js';
import { expectApiError, sha256 } from '../../../support/expectations.js';
import { serveRelease, signerOf } from '../../../support/served-release.js';

const sumsOf = (provider: { type: string; version: string; file: Buffer }, platform = 'linux_amd64') =>
  shasumsOf({ [packageName(provider.type, provider.version, platform)]: provider.file });

describe('POST /api/v1/providers with a signature of the publisher', () => {
  let app: TestApp;
  let signer: TestSigner;
  let stranger: TestSigner;

  beforeAll(async () => {
    [app, signer, stranger] = await Promise.all([TestApp.start(), testSigner(), testSigner()]);
  });
  afterAll(() => app?.stop());

  /** One platform with a checksum document of just this platform. */
  async function signed(given: Partial<ProviderPublish> = {}, by = signer) {
    const provider = aProvider(given);
    const shasums = given.shasums ?? sumsOf(provider);
    const shasumsSignature = given.shasumsSignature ?? (await by.sign(shasums));
    return { ...provider, shasums, shasumsSignature, publicKey: given.publicKey ?? by.publicKey };
  }

  it('serves document, signature and key of the publisher, byte for byte (checklist 76, 79, 80, 82, 83, 84)', async () => {
    const provider = await signed();
    const answer = await app.publishProvider(provider);
    expect(answer.status).toBe(201);
    expect(answer.json()).toMatchObject({ signed: true });
    const { sums, signature, document } = await serveRelease(app, provider);
    expect(sums.toString()).toBe(provider.shasums);
    expect(signature.equals(provider.shasumsSignature)).toBe(true);
    expect(document.signing_keys.gpg_public_keys).toHaveLength(1);
    const [listed] = document.signing_keys.gpg_public_keys;
    expect(listed).toMatchObject({ trust_signature: '', source: '', source_url: '' });
    const fingerprint = await signerOf(sums, signature, signer.publicKey);
    expect(listed!.key_id).toBe(fingerprint.slice(-16));
  });

  it('turns an armored signature into a binary one (checklist 79)', async () => {
    const provider = await signed();
    const read = await openpgp.readSignature({ binarySignature: new Uint8Array(provider.shasumsSignature) });
    const answer = await app.publishProvider({ ...provider, shasumsSignature: Buffer.from(read.armor()) });
    expect(answer.status).toBe(201);
    expect((await serveRelease(app, provider)).signature.equals(provider.shasumsSignature)).toBe(true);
  });

  it('lists further lines of the document, e.g. a manifest, as they came (checklist 76, 78)', async () => {
    const provider = aProvider();
    const manifest = `terraform-provider-${provider.type}_1.0.0_manifest.json`;
    const shasums = `${sumsOf(provider)}${sha256('{}')}  ${manifest}\n`;
    expect((await app.publishProvider(await signed({ ...provider, shasums }))).status).toBe(201);
    expect((await serveRelease(app, provider)).sums.toString()).toBe(shasums);
  });

  it.each<[string, (sums: string) => string, RegExp]>([
    ['a blank line', (sums) => `${sums}\n`, /line 2 is blank/],
    ['a leading blank line', (sums) => `\n${sums}`, /line 1 is blank/],
    ['* before a name', (sums) => sums.replace('  ', ' *'), /\* before the file name/],
    ['./ before a name', (sums) => sums.replace('  ', '  ./'), /folder/],
    ['a line that is no checksum', (sums) => `${sums}# made by hand\n`, /line 2 is not/],
    ['carriage returns', (sums) => sums.replace('\n', '\r\n'), /carriage return/],
    ['upper-case digits', (sums) => sums.replace(/^\w{64}/, 'A'.repeat(64)), /upper-case/],
    ['a name twice', (sums) => `${sums}${sums}`, /a second time/],
    ['no end of line', (sums) => sums.trimEnd(), /line feed/],
    ['no lines', () => '', /empty/],
    ['another file only', (sums) => sums.replace('linux', 'plan9'), /no line for terraform-provider-/],
    ['another checksum', (sums) => sums.replace(/^\w{64}/, '0'.repeat(64)), /but the uploaded file has/],
  ])('refuses a document with %s, signed or not (checklist 77)', async (_what, change, reason) => {
    const provider = aProvider();
    const shasums = change(sumsOf(provider));
    const withSignature = await app.publishProvider(await signed({ ...provider, shasums }));
    const without = await app.publishProvider({ ...provider, shasums });
    for (const answer of [withSignature, without]) {
      expectApiError(answer, 400, /^Invalid checksums: /);
      expect(answer.json()['error']).toMatch(reason);
    }
    expect(await app.query('SELECT 1 FROM registry_providers WHERE type = $1', [provider.type])).toEqual([]);
  });

  it('refuses signatures that do not verify, and stores nothing (checklist 80)', async () => {
    const namespace = uniqueName('unsigned');
    const provider = await signed({ namespace });
    const foreign = await stranger.sign(provider.shasums);
    const ofOther = await signer.sign('something else\n');
    const cut = provider.shasumsSignature.subarray(0, 20);
    for (const shasumsSignature of [foreign, ofOther, cut, Buffer.from('no signature')]) {
      const answer = await app.publishProvider({ ...provider, shasumsSignature });
      expectApiError(answer, 400, /^Invalid checksums: /);
    }
    expect(await app.query('SELECT 1 FROM namespace_claims WHERE name = $1', [namespace])).toEqual([]);
    expect(await app.query('SELECT 1 FROM registry_providers WHERE namespace = $1', [namespace])).toEqual([]);
  });

  it('refuses a signature without a document, and without any key', async () => {
    const provider = await signed();
    const alone = await app.publishProvider({ ...provider, shasums: undefined });
    expectApiError(alone, 400, 'Invalid checksums: shasums_signature_file needs shasums_file');
    const keyless = await app.publishProvider({ ...provider, publicKey: undefined });
    expectApiError(
      keyless,
      400,
      'Invalid checksums: no key to verify the signature with; send gpg_public_key, or register the key',
    );
  });

  it.each<[string, () => Promise<string>]>([
    [
      'of a modern algorithm that clients cannot read',
      async () =>
        (await openpgp.generateKey({ type: 'curve25519', userIDs: [{ name: 'x' }], format: 'armored' }))
          .publicKey,
    ],
    [
      'of the version 6',
      async () => {
        const config = { ...openpgp.config, v6Keys: true };
        const pair = await openpgp.generateKey({
          type: 'curve25519',
          userIDs: [{ name: 'x' }],
          format: 'armored',
          config,
        });
        return pair.publicKey;
      },
    ],
    [
      'that is private',
      async () =>
        (
          await openpgp.generateKey({
            type: 'ecc',
            curve: 'ed25519Legacy',
            userIDs: [{ name: 'x' }],
            format: 'armored',
          })
        ).privateKey,
    ],
  ])('refuses a key %s (checklist 81)', async (_what, make) => {
    const answer = await app.publishProvider({ ...aProvider(), publicKey: await make() });
    expectApiError(answer, 400, /^Invalid GPG public key: .+/);
  });

  it('refuses a document without signature that does not list the file, and signs itself when it does', async () => {
    const provider = aProvider();
    const wrong = await app.publishProvider({
      ...provider,
      shasums: sumsOf({ ...provider, file: Buffer.from('x') }),
    });
    expectApiError(wrong, 400, /^Invalid checksums: shasums_file lists .+, but the uploaded file has/);
    const right = await app.publishProvider({ ...provider, shasums: sumsOf(provider) });
    expect(right.json()).toMatchObject({ signed: false });
    await serveRelease(app, provider);
  });

  describe('a version that its publisher signed', () => {
    let release: SignedRelease;
    const publishOne = (os: string, arch: string, more: Partial<ProviderPublish> = {}) =>
      app.publishProvider({ ...oneOf(release, os, arch), ...more });

    beforeAll(async () => {
      release = await aSignedRelease(signer, { platforms: ['linux_amd64', 'darwin_arm64', 'windows_amd64'] });
      expect((await publishOne('linux', 'amd64')).status).toBe(201);
    });

    it('takes what its document lists in later calls, with or without the signature repeated (checklist 78)', async () => {
      const bare = { shasums: undefined, shasumsSignature: undefined, publicKey: undefined };
      const darwin = await publishOne('darwin', 'arm64', bare);
      expect(darwin.json()).toMatchObject({ signed: true });
      expect((await publishOne('windows', 'amd64')).status).toBe(201);
      for (const platform of ['linux/amd64', 'darwin/arm64', 'windows/amd64']) {
        const { sums, document } = await serveRelease(app, release, platform);
        expect(sums.toString()).toBe(release.shasums);
        expect(Object.keys(document.packages!)).toHaveLength(3);
      }
    });

    it('takes nothing else (checklist 88)', async () => {
      const other = onPlatform(aProvider({ type: release.type }), 'linux', 'arm64');
      const answer = await app.publishProvider(other);
      const file = packageName(release.type, '1.0.0', 'linux_arm64');
      expectApiError(
        answer,
        409,
        `Version 1.0.0 is signed by its publisher, and its checksum document does not list this ${file}`,
      );
      const list = await app.request(`/v1/providers/acme/${release.type}/1.0.0/download/linux/arm64`);
      expect(list.status).toBe(404);
    });

    it('refuses another document, signed or not, and another key', async () => {
      const fresh = await aSignedRelease(signer, { platforms: ['linux_amd64', 'darwin_arm64'] });
      expect((await app.publishProvider(oneOf(fresh, 'linux', 'amd64'))).status).toBe(201);
      const darwin = oneOf(fresh, 'darwin', 'arm64');
      const shasums = sumsOf(darwin, 'darwin_arm64');
      const sentence = (field: string) =>
        `Version 1.0.0 was published with another ${field}; send the same one or leave it out`;
      const signedAnew = { shasums, shasumsSignature: await signer.sign(shasums) };
      expectApiError(await app.publishProvider({ ...darwin, ...signedAnew }), 409, sentence('shasums_file'));
      const unsigned = await app.publishProvider({ ...darwin, shasums, shasumsSignature: undefined });
      expectApiError(unsigned, 409, sentence('shasums_file'));
      const bare = { shasums: undefined, shasumsSignature: undefined };
      const otherKey = await app.publishProvider({ ...darwin, ...bare, publicKey: stranger.publicKey });
      expectApiError(otherKey, 409, sentence('gpg_public_key'));
      expect((await app.publishProvider(darwin)).status).toBe(201);
    });
  });

  it('lets a publisher sign what the registry signed before, when the document lists all of it', async () => {
    const release = await aSignedRelease(signer, { platforms: ['linux_amd64', 'darwin_arm64'] });
    const {
      shasums: _sums,
      shasumsSignature: _signature,
      publicKey: _key,
      ...linux
    } = oneOf(release, 'linux', 'amd64');
    const first = await app.publishProvider(linux);
    expect(first.json()).toMatchObject({ signed: false });
    const darwin = oneOf(release, 'darwin', 'arm64');
    const partial = sumsOf(darwin, 'darwin_arm64');
    const incomplete = { shasums: partial, shasumsSignature: await signer.sign(partial) };
    expectApiError(
      await app.publishProvider({ ...darwin, ...incomplete }),
      400,
      /no line for .+linux_amd64\.zip/,
    );
    const second = await app.publishProvider(darwin);
    expect(second.json()).toMatchObject({ signed: true });
    for (const platform of ['linux/amd64', 'darwin/arm64']) {
      expect((await serveRelease(app, release, platform)).sums.toString()).toBe(release.shasums);
    }
  });

  it('serves an older release after its key expired, and refuses what is signed afterwards (checklist 85)', async () => {
    const day = 86_400_000;
    const { privateKey, publicKey } = await openpgp.generateKey({
      type: 'ecc',
      curve: 'ed25519Legacy',
      userIDs: [{ name: 'Test only' }],
      subkeys: [],
      date: new Date(Date.now() - 10 * day),
      keyExpirationTime: (5 * day) / 1000,
      format: 'object',
    });
    const signAt = async (text: string, daysAgo: number): Promise<Buffer> => {
      const message = await openpgp.createMessage({ binary: Buffer.from(text) });
      const date = new Date(Date.now() - daysAgo * day);
      const options = { message, signingKeys: privateKey, detached: true, format: 'binary', date } as const;
      return Buffer.from((await openpgp.sign(options)) as Uint8Array);
    };
    const provider = aProvider();
    const shasums = sumsOf(provider);
    const inTime = { shasums, shasumsSignature: await signAt(shasums, 7), publicKey: publicKey.armor() };
    expect((await app.publishProvider({ ...provider, ...inTime })).status).toBe(201);
    const path = `/v1/providers/acme/${provider.type}/1.0.0/download/linux/amd64`;
    const document = (await app.request(path, { lean: true })).json<{ shasums_url: string }>();
    expect((await app.fetchLink(document.shasums_url)).body.toString()).toBe(shasums);

    const later = aProvider();
    const sums = sumsOf(later);
    const message = await openpgp.createMessage({ binary: Buffer.from(sums) });
    const late = await openpgp
      .sign({ message, signingKeys: privateKey, detached: true, format: 'binary' })
      .catch(() => undefined);
    // The library itself refuses to sign with an expired key; a signature on other bytes must not pass either.
    expect(late).toBeUndefined();
    const shifted = await app.publishProvider({
      ...later,
      shasums: sums,
      shasumsSignature: inTime.shasumsSignature,
      publicKey: publicKey.armor(),
    });
    expectApiError(shifted, 400, /^Invalid checksums: /);
  });

  it('takes only signed providers where publishing.require_provider_signature is on', async () => {
    const strict = await TestApp.start({ TFR_PUBLISHING_REQUIRE_PROVIDER_SIGNATURE: 'true' });
    try {
      const release = await aSignedRelease(signer);
      const linux = oneOf(release, 'linux', 'amd64');
      const bare = { shasums: undefined, shasumsSignature: undefined, publicKey: undefined };
      const sentence =
        'Invalid checksums: this registry requires shasums_file and shasums_signature_file, signed by the publisher';
      expectApiError(await strict.publishProvider({ ...linux, ...bare }), 400, sentence);
      expect((await strict.publishProvider(linux)).status).toBe(201);
      const darwin = await strict.publishProvider({ ...oneOf(release, 'darwin', 'arm64'), ...bare });
      expect(darwin.status, 'listed by the signed document').toBe(201);
    } finally {
      await strict.stop();
    }
  });

  it('takes the platforms of a signed version at the same time', async () => {
    const platforms = ['linux_amd64', 'linux_arm64', 'darwin_arm64', 'windows_amd64'];
    const release = await aSignedRelease(signer, { platforms });
    const pairs = platforms.map((platform) => platform.split('_') as [string, string]);
    const answers = await Promise.all(pairs.map((pair) => app.publishProvider(oneOf(release, ...pair))));
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201, 201]);
    for (const pair of pairs) {
      const { sums } = await serveRelease(app, release, pair.join('/'));
      expect(sums.toString()).toBe(release.shasums);
    }
  });

  it('never serves a zip that is not the one in the signed document', async () => {
    const provider = await signed();
    const name = `terraform-provider-${provider.type}_v1.0.0`;
    const file = packZip([{ name, data: 'swapped', mode: 0o755 }]);
    expectApiError(await app.publishProvider({ ...provider, file }), 400, /but the uploaded file has/);
  });
});
