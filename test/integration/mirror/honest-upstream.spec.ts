import { Logger } from '@nestjs/common';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { MirrorInterrupted, ReleaseKeyNotTrusted } from '../../../src/mirror/domain/mirror.errors.js';
import { NameFilter } from '../../../src/mirror/domain/name-filter.js';
import { planProvider } from '../../../src/mirror/domain/mirror-plan.js';
import { PlatformFilter } from '../../../src/mirror/domain/platform-filter.js';
import { VersionFilter } from '../../../src/mirror/domain/version-filter.js';
import { upstreamRegistry } from '../../../src/mirror/upstream/upstream-registry.js';
import { findWantedProviders } from '../../../src/mirror/upstream/wanted-providers.js';
import { packageName } from '../../support/build-fixtures.js';
import { FakeUpstream, type Json, type Lie } from '../../support/fakes/upstream/fake-upstream.js';
import { answers, METADATA_LIES } from '../../support/fakes/upstream/lies-about-metadata.js';
import { RELEASE_LIES } from '../../support/fakes/upstream/lies-about-releases.js';
import { LINUX, MirrorHarness, NAME, TOKEN } from '../../support/fakes/upstream/mirror-harness.js';
import { makeUpstreamKeys, type UpstreamKeys } from '../../support/fakes/upstream/upstream-keys.js';
import { PLATFORMS, TYPE, VERSION } from '../../support/fakes/upstream/upstream-release.js';
import { Platform } from '../../../src/kernel/terraform/platform.js';

/** What `terraform providers lock` (1.11.4) and `sha256sum` say of the honest packages. */
const GOLDEN = {
  linux_amd64: {
    h1: 'h1:2yH6A8AG5V1aGZaCiA1AfaCwso/ekFmZvXG/1DgxUmg=',
    digest: '61e7c6d88f3a25b4a1704cdcd1b596b9aacc6a1b2b32693e027ab3f361468e2e',
  },
  darwin_arm64: {
    h1: 'h1:eHWqM8uzgS/X5qLx/xQJlxpB0ab0nqSNekoS/xuHeb0=',
    digest: '0fcccfc07396579abbfe9f320d3a6410d7f84f75cf786e1d56e79d395fde0b39',
  },
} as const;

let keys: UpstreamKeys;
let upstream: FakeUpstream;
let harness: MirrorHarness;

beforeAll(async () => {
  Logger.overrideLogger(false);
  keys = await makeUpstreamKeys();
});
beforeEach(() => {
  harness = new MirrorHarness();
});
afterEach(async () => {
  expect(harness.leftovers).toEqual([]);
  await harness.close();
  await upstream.stop();
});
afterAll(() => Logger.overrideLogger(['error']));

async function start(lie: Lie = {}): Promise<FakeUpstream> {
  upstream = await FakeUpstream.start(keys, lie);
  return upstream;
}

/** The verified checksums when these keys are approved. */
async function trusting(approved: readonly string[], onFirstUse: 'hold' | 'accept', revoked?: string[]) {
  const { fetched } = await harness.mirror(upstream, { trust: { approved, onFirstUse, revoked } });
  await fetched.discard();
  return fetched.release;
}

describe('a package of an honest upstream', () => {
  it.each(PLATFORMS)('has the hashes that Terraform computes (F17): %s', async (key) => {
    await start();
    const { fetched } = await harness.mirror(upstream, { platform: Platform.parseKey(key) });
    const { h1, digest } = GOLDEN[key];
    expect(fetched).toMatchObject({ h1, digest, zh: `zh:${digest}`, protocols: ['5.0'] });
    expect(fetched.filename).toBe(packageName(TYPE, VERSION, key));
    expect(fetched.release.entries.get(fetched.filename)).toBe(digest);
    expect(fetched.release).toMatchObject({ trust: 'approved', keyState: 'active' });
    expect(fetched.release.key.fingerprint).toBe(keys.honest.fingerprint);
    expect(harness.leftovers).toHaveLength(1);
    await fetched.discard();
    await fetched.discard();
  });

  it('shares the verified checksums with the other platforms of its version', async () => {
    await start();
    const { fetched } = await harness.mirror(upstream);
    await fetched.discard();
    const other = await harness.mirror(upstream, {
      platform: Platform.parseKey('darwin_arm64'),
      release: fetched.release,
    });
    await other.fetched.discard();
    expect(other.fetched.digest).toBe(GOLDEN.darwin_arm64.digest);
    expect(upstream.asked.filter(({ endpoint }) => endpoint === 'sums')).toHaveLength(1);
  });

  it('is asked for without compression', async () => {
    await start();
    const { fetched } = await harness.mirror(upstream);
    await fetched.discard();
    expect(new Set(upstream.asked.map(({ headers }) => headers['accept-encoding']))).toEqual(
      new Set(['identity']),
    );
  });

  it('goes on where the connection broke, with If-Range', async () => {
    await start(RELEASE_LIES['the package breaks off once']);
    const { fetched } = await harness.mirror(upstream);
    await fetched.discard();
    const [, second] = upstream.asked.filter(({ endpoint }) => endpoint === 'zip');
    expect(second?.headers.range).toBe(`bytes=${fetched.sizeBytes >> 1}-`);
    expect(second?.headers['if-range']).toBe(`"${GOLDEN.linux_amd64.digest}"`);
  });

  it('is as large as the limit allows, and no byte larger', async () => {
    await start();
    const { fetched } = await harness.mirror(upstream);
    await fetched.discard();
    const { sizeBytes } = fetched;
    for (const [maxPackageBytes, code] of [
      [sizeBytes, undefined],
      [sizeBytes - 1, 'package_too_large'],
    ] as const) {
      const limited = new MirrorHarness({ maxPackageBytes });
      const result = await limited.mirror(upstream).catch((error: unknown) => error as { code: string });
      expect('code' in result ? result.code : undefined).toBe(code);
      if ('fetched' in result) await result.fetched.discard();
      await limited.close();
    }
  });

  it.each([
    [2, 3, undefined],
    [3, 3, 'package_incomplete'],
    [1, 1, 'package_incomplete'],
  ])('may break off %i times in %i attempts', async (breaks, downloadAttempts, code) => {
    await start({
      answers: { zip: (call) => (call.before < breaks ? answers.broken()(call) : call.honestly()) },
    });
    await harness.close();
    harness = new MirrorHarness({ downloadAttempts });
    const result = await harness.mirror(upstream).catch((error: unknown) => error as { code: string });
    expect('code' in result ? result.code : undefined).toBe(code);
    if ('fetched' in result) await result.fetched.discard();
  });

  it.each([
    [5, undefined],
    [6, 'upstream_redirect_refused'],
  ])('may be %i redirects away', async (redirects, code) => {
    const away = answers.redirect(({ request }) => request.url!);
    await start({ answers: { zip: (call) => (call.before < redirects ? away(call) : call.honestly()) } });
    const result = await harness.mirror(upstream).catch((error: unknown) => error as { code: string });
    expect('code' in result ? result.code : undefined).toBe(code);
    if ('fetched' in result) await result.fetched.discard();
  });

  it('is never continued with a part that begins elsewhere', async () => {
    await start(RELEASE_LIES['the rest of the package begins elsewhere']);
    await harness.close();
    harness = new MirrorHarness({ downloadAttempts: 2 });
    await expect(harness.mirror(upstream)).rejects.toMatchObject({
      code: 'upstream_unreachable',
      message: expect.stringContaining('another part of') as string,
    });
  });

  it('leaves nothing behind when the run is interrupted', async () => {
    await start({ answers: { zip: answers.slow } });
    const ending = new AbortController();
    const running = harness.mirror(upstream, { signal: ending.signal });
    await expect.poll(() => upstream.asked.some(({ endpoint }) => endpoint === 'zip')).toBe(true);
    ending.abort();
    await expect(running).rejects.toBeInstanceOf(MirrorInterrupted);
  });

  it('is not begun when the disk is full', async () => {
    await start();
    await harness.close();
    harness = new MirrorHarness({ freeSpaceReserveBytes: Number.MAX_SAFE_INTEGER });
    await expect(harness.mirror(upstream)).rejects.toMatchObject({ code: 'mirror_disk_full', fault: 'here' });
  });
});

describe('keys of an upstream (F2)', () => {
  it('are held on first use, and told with fingerprint and armor', async () => {
    await start();
    const held: unknown = await trusting([], 'hold').catch((error: unknown) => error);
    expect(held).toBeInstanceOf(ReleaseKeyNotTrusted);
    expect(held).toMatchObject({ fingerprint: keys.honest.fingerprint, isFirstKey: true });
    expect(await trusting([(held as ReleaseKeyNotTrusted).armor], 'hold')).toMatchObject({
      trust: 'approved',
    });
    expect(upstream.asked.filter(({ endpoint }) => endpoint === 'zip')).toHaveLength(1);
  });

  it('are taken on first use when the caller says so, and marked', async () => {
    await start();
    const release = await trusting([], 'accept');
    expect(release).toMatchObject({ trust: 'first-use', key: { fingerprint: keys.honest.fingerprint } });
  });

  it('never change by themselves, also when first use is accepted', async () => {
    await start(RELEASE_LIES['the signature is of another key that is named']);
    await expect(trusting([keys.honest.armor], 'accept')).rejects.toMatchObject({
      code: 'release_key_not_trusted',
      fingerprint: keys.stranger.fingerprint,
      isFirstKey: false,
    });
    expect(await trusting([keys.honest.armor, keys.stranger.armor], 'hold')).toMatchObject({
      trust: 'approved',
    });
  });

  it('count in a text with several blocks', async () => {
    await start();
    const both = `${keys.stranger.armor.trim()}\n${keys.honest.armor}`;
    expect(await trusting([both], 'hold')).toMatchObject({ trust: 'approved' });
  });

  it.each(['hold', 'accept'] as const)('do not count when marked revoked here (%s)', async (onFirstUse) => {
    await start();
    for (const approved of [[], [keys.honest.armor]]) {
      await expect(trusting(approved, onFirstUse, [keys.honest.fingerprint])).rejects.toMatchObject({
        code: 'release_key_revoked',
      });
    }
  });

  it('do not count when the upstream tells that an approved key was revoked', async () => {
    await start({ ...RELEASE_LIES['the key is revoked'] });
    await expect(trusting([keys.revoked.armor], 'hold')).rejects.toMatchObject({
      code: 'release_key_revoked',
      fingerprint: keys.revoked.fingerprint,
    });
  });

  it('do not stand in for approved ones that cannot be read', async () => {
    await start();
    await expect(trusting(['no key'], 'accept')).rejects.toMatchObject({ code: 'release_key_not_trusted' });
  });
});

describe('lists of an upstream', () => {
  it('are not sent again while they are the same, and say when they are not', async () => {
    await start();
    const service = await harness.discover(upstream);
    const first = await harness.client.versions(service, NAME);
    const etag = first.kind === 'listing' ? first.etag : undefined;
    expect(etag).toMatch(/^"[0-9a-f]{64}"$/);
    expect(await harness.client.versions(service, NAME, { etag })).toEqual({ kind: 'not-modified' });
    upstream.versions.push('1.3.0');
    expect(await harness.client.versions(service, NAME, { etag })).toMatchObject({ kind: 'listing' });
    expect(await harness.client.versions(service, NAME, { etag: 'no\r\netag' })).toMatchObject({
      kind: 'listing',
    });
  });

  it('keep every line that can be read, and say what was wrong with the others (F16)', async () => {
    await start(METADATA_LIES['the list has hostile strings']);
    const answer = await harness.client.versions(await harness.discover(upstream), NAME);
    expect(answer.kind).toBe('listing');
    if (answer.kind !== 'listing') return;
    expect(answer.listing.versions.map(({ text }) => text)).toEqual(['1.1.1', '1.0.0', '1.1.0', '1.2.0']);
    expect(answer.listing.unreadable).toHaveLength(15);
    for (const { what, reason } of answer.listing.unreadable) {
      expect(`${what} ${reason}`).toMatch(/^[\x20-\x7e…]{1,300}$/);
    }
  });

  it('that lose their newest version change nothing here, and are reported (F4)', async () => {
    await start();
    upstream.versions.pop();
    const answer = await harness.client.versions(await harness.discover(upstream), NAME);
    if (answer.kind !== 'listing') throw new Error('expected a listing');
    const held = [{ version: VERSION, platform: 'linux_amd64', filename: 'x.zip', digest: 'a'.repeat(64) }];
    const filters = {
      names: NameFilter.parse(['acme'], []),
      versions: VersionFilter.parse('latest:1'),
      platforms: PlatformFilter.parse(['linux/amd64']),
    };
    const facts = { name: NAME, listing: answer.listing, held, isPublishedHere: false };
    const plan = planProvider({ ...facts, permission: { kind: 'allowed' } }, filters);
    expect(plan).toMatchObject({ vanished: [VERSION], rolledBackFrom: VERSION });
    expect(plan.releases.map(({ version }) => version.text)).toEqual(['1.1.0']);
  });

  it('of providers are read page by page', async () => {
    const names = Array.from({ length: 7 }, (_one, at) => ({ namespace: 'acme', name: `p${at}` }));
    await start({
      answers: {
        list: ({ request, response }) => {
          const offset = Number(new URL(request.url!, 'http://fake').searchParams.get('offset'));
          const meta = { limit: 3, ...(offset + 3 < names.length && { next_offset: offset + 3 }) };
          const providers: Json[] = names.slice(offset, offset + 3);
          response.end(
            JSON.stringify({ meta, providers: [...providers, { namespace: 'other', name: 'x' }] }),
          );
        },
      },
    });
    const service = await harness.discover(upstream);
    const { names: found } = await harness.client.listProviders(service, 'ACME');
    expect(found.map(({ type }) => type)).toEqual(names.map(({ name }) => name));
    const everything = await harness.client.listProviders(service);
    expect(everything.names).toHaveLength(8);
  });

  it('of providers are asked for only where a filter needs them', async () => {
    const providers = [
      ...['widget', 'gadget', 'other'].map((name) => ({ namespace: 'acme', name })),
      { namespace: 'b' },
    ];
    await start({ json: { list: (document) => ({ ...document, providers }) } });
    const service = await harness.discover(upstream);
    const find = async (...[namespaces, types]: Parameters<typeof NameFilter.parse>) => {
      const { names } = await findWantedProviders(
        harness.client,
        service,
        NameFilter.parse(namespaces, types),
      );
      return names.map(({ namespace, type }) => `${namespace}/${type}`);
    };
    expect(await find(['acme'], ['?adget', 'named', 'wid*'])).toEqual([
      'acme/gadget',
      'acme/named',
      'acme/widget',
    ]);
    expect(await find(['a*'], ['other'])).toEqual(['acme/other']);
    const lists = upstream.asked.filter(({ endpoint }) => endpoint === 'list').length;
    expect(await find(['acme', 'b'], ['x'])).toEqual(['acme/x', 'b/x']);
    expect(await find([], [])).toEqual([]);
    expect(upstream.asked.filter(({ endpoint }) => endpoint === 'list')).toHaveLength(lists);
  });

  it('of providers that go round in circles are refused', async () => {
    await start({ json: { list: (document) => ({ ...document, meta: { next_offset: 0 } }) } });
    const service = await harness.discover(upstream);
    await expect(harness.client.listProviders(service, 'acme')).rejects.toThrow('go round in a circle');
  });

  it('of providers that do not exist say what to do instead', async () => {
    await start({ answers: { list: answers.status(404) } });
    const service = await harness.discover(upstream);
    await expect(harness.client.listProviders(service, 'acme')).rejects.toMatchObject({
      code: 'upstream_not_found',
      message: expect.stringContaining('name the providers instead') as string,
    });
  });
});

describe('the address of an upstream', () => {
  it.each([
    ['registry.example.com', /write an address/],
    ['ftp://registry.example.com', /begins with https/],
    ['https://user:pw@registry.example.com', /user name/],
    ['https://registry.example.com/v1/providers/', /service discovery/],
    ['https://registry.example.com/?a=b', /service discovery/],
  ])('%s is refused', async (text, sentence) => {
    await start();
    expect(() => upstreamRegistry(text, TOKEN)).toThrow(sentence);
  });

  it('finds services relative to the discovery document, as clients do', async () => {
    await start({ json: { discovery: () => ({ 'providers.v1': '../v1/providers/#x' }) } });
    const { baseUrl } = await harness.discover(upstream);
    expect(baseUrl.href).toBe(`${upstream.origin}/v1/providers/`);
    const service = await harness.discover(upstream);
    const document = await harness.client.packageDocument(service, {
      name: NAME,
      version: VERSION,
      platform: LINUX,
    });
    expect(document.downloadUrl.href).toBe(`${upstream.origin}/files/${document.filename}`);
  });
});
