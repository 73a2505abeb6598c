import { Logger } from '@nestjs/common';
import { generateKey, readSignature, reformatKey, type PrivateKey } from 'openpgp';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  HASHICORP_PARTNER_FINGERPRINT,
  HASHICORP_PARTNER_KEY,
} from '../../../src/mirror/keys/hashicorp-partner-key.js';
import {
  HASHICORP_RELEASE_FINGERPRINT,
  HASHICORP_RELEASE_KEY,
} from '../../../src/mirror/keys/hashicorp-release-key.js';
import type { KeyTrust, VerifiedRelease } from '../../../src/mirror/fetching/release-verifier.js';
import { armoredKeyBytes } from '../../../src/platform/signatures/armored-bytes.js';
import { OpenPgpVerifier } from '../../../src/platform/signatures/openpgp-verifier.js';
import { FakeUpstream, type Json } from '../../support/fakes/upstream/fake-upstream.js';
import { MirrorHarness } from '../../support/fakes/upstream/mirror-harness.js';
import { keyOf, makeUpstreamKeys, type UpstreamKeys } from '../../support/fakes/upstream/upstream-keys.js';
import { makeRelease } from '../../support/fakes/upstream/upstream-release.js';

const HOUR_MS = 3_600_000;

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
  await upstream?.stop();
});
afterAll(() => Logger.overrideLogger(['error']));

/** Starts an upstream whose description names this key with this signature of somebody who vouches for it. */
async function startVouched(signature: string | undefined, armor = keys.honest.armor): Promise<void> {
  const change = (document: Json): Json => ({
    ...document,
    signing_keys: { gpg_public_keys: [{ ascii_armor: armor, trust_signature: signature }] },
  });
  upstream = await FakeUpstream.start(keys, { json: { package: change } });
}

async function fetchWith(trust: Partial<KeyTrust>): Promise<VerifiedRelease> {
  const { fetched } = await harness.mirror(upstream, {
    trust: { approved: [], onFirstUse: 'hold', ...trust },
  });
  await fetched.discard();
  return fetched.release;
}

/** What somebody who vouches for a key sends: an armored detached signature of the bytes of the key. */
async function vouchFor(armor: string, by: UpstreamKeys[keyof UpstreamKeys]): Promise<string> {
  const binarySignature = new Uint8Array(await by.sign(await armoredKeyBytes(armor)));
  return (await readSignature({ binarySignature })).armor();
}

describe('a key that somebody vouches for', () => {
  it('counts when the signature of the key is right', async () => {
    await startVouched(await vouchFor(keys.honest.armor, keys.stranger));
    const release = await fetchWith({ vouchers: [keys.stranger.armor] });
    expect(release).toMatchObject({ trust: 'approved', key: { fingerprint: keys.honest.fingerprint } });
  });

  it('counts in the first of several blocks, and not in the others', async () => {
    const vouched = await vouchFor(keys.honest.armor, keys.stranger);
    await startVouched(vouched, `${keys.honest.armor.trim()}\n${keys.expired.armor}`);
    expect(await fetchWith({ vouchers: [keys.stranger.armor] })).toMatchObject({ trust: 'approved' });
    await upstream.stop();
    await startVouched(vouched, `${keys.expired.armor.trim()}\n${keys.honest.armor}`);
    await expect(fetchWith({ vouchers: [keys.stranger.armor] })).rejects.toMatchObject({
      code: 'release_key_not_trusted',
    });
  });

  it.each([
    ['another key is vouched for', () => vouchFor(keys.expired.armor, keys.stranger)],
    ['somebody else vouches', () => vouchFor(keys.honest.armor, keys.expired)],
    ['it vouches for itself', () => vouchFor(keys.honest.armor, keys.honest)],
    ['nobody vouches', () => Promise.resolve(undefined)],
    ['the signature is empty', () => Promise.resolve('')],
    ['the signature is no signature', () => Promise.resolve('-----BEGIN PGP SIGNATURE-----\n\nnothing')],
    ['the signature is a key', () => Promise.resolve(keys.stranger.armor)],
    ['the signature is huge', () => Promise.resolve('x'.repeat(70_000))],
  ])('is a stranger when %s', async (_case, signature) => {
    await startVouched(await signature());
    await expect(fetchWith({ vouchers: [keys.stranger.armor] })).rejects.toMatchObject({
      code: 'release_key_not_trusted',
      isFirstKey: true,
    });
  });

  it('is a stranger when a key is approved, whoever vouches', async () => {
    await startVouched(await vouchFor(keys.honest.armor, keys.stranger));
    await expect(
      fetchWith({ approved: [keys.expired.armor], vouchers: [keys.stranger.armor] }),
    ).rejects.toMatchObject({ code: 'release_key_not_trusted', isFirstKey: false });
  });

  it('does not count when it was revoked here', async () => {
    await startVouched(await vouchFor(keys.honest.armor, keys.stranger));
    await expect(
      fetchWith({ vouchers: [keys.stranger.armor], revoked: [keys.honest.fingerprint] }),
    ).rejects.toMatchObject({ code: 'release_key_revoked' });
  });

  it('does not let the key of who vouches sign releases itself', async () => {
    upstream = await FakeUpstream.start(keys, {
      release: (all) => makeRelease(all.stranger),
      namedKeys: (all) => [all.stranger.armor],
    });
    await expect(fetchWith({ vouchers: [keys.stranger.armor] })).rejects.toMatchObject({
      code: 'release_key_not_trusted',
    });
  });
});

describe('a root', () => {
  it('counts as long as no key is approved, and shuts nobody out', async () => {
    upstream = await FakeUpstream.start(keys);
    expect(await fetchWith({ roots: [keys.honest.armor] })).toMatchObject({ trust: 'approved' });
    expect(await fetchWith({ roots: [keys.stranger.armor], onFirstUse: 'accept' })).toMatchObject({
      trust: 'first-use',
    });
    await expect(fetchWith({ roots: [keys.stranger.armor] })).rejects.toMatchObject({
      code: 'release_key_not_trusted',
      isFirstKey: true,
    });
    await expect(
      fetchWith({ roots: [keys.honest.armor], approved: [keys.stranger.armor] }),
    ).rejects.toMatchObject({ code: 'release_key_not_trusted', isFirstKey: false });
  });

  it.each([
    ['what was signed later counts by the copy of the upstream', 'later', 1, 'approved'],
    ['what was signed later does not count without such a copy', 'short', 1, undefined],
    ['what was signed before counts by the copy here', 'short', 40, 'approved'],
  ] as const)('that has expired in the copy that is here: %s', async (_case, offered, hoursAgo, trust) => {
    const { shortArmor, laterArmor, privateKey } = await keyWithTwoCopies();
    const signer = keyOf(privateKey, laterArmor, new Date(Date.now() - hoursAgo * HOUR_MS));
    upstream = await FakeUpstream.start(keys, {
      release: () => makeRelease(signer),
      namedKeys: () => [offered === 'later' ? laterArmor : shortArmor],
    });
    const fetched = fetchWith({ roots: [shortArmor] });
    if (trust === undefined) {
      await expect(fetched).rejects.toMatchObject({
        code: 'release_signature_invalid',
        message: expect.stringContaining('expired') as string,
      });
    } else expect(await fetched).toMatchObject({ trust });
  });
});

describe('the keys that come with the program', () => {
  it.each([
    [HASHICORP_RELEASE_KEY, HASHICORP_RELEASE_FINGERPRINT, '2026-04-18T21:50:17.000Z'],
    [HASHICORP_PARTNER_KEY, HASHICORP_PARTNER_FINGERPRINT, undefined],
  ])('are those of their fingerprints', async (armor, fingerprint, expiresAt) => {
    const key = await new OpenPgpVerifier().readPublicKey(armor);
    expect(key).toMatchObject({ fingerprint, algorithm: 'RSA 4096', isRevoked: false });
    expect(key.expiresAt?.toISOString()).toBe(expiresAt);
  });
});

/** A key that was to end after a day and whose owner gave it a longer life: the copy before and after. */
async function keyWithTwoCopies(): Promise<{
  shortArmor: string;
  laterArmor: string;
  privateKey: PrivateKey;
}> {
  const userIDs = [{ name: 'TEST ONLY' }];
  const date = new Date(Date.now() - 48 * HOUR_MS);
  const { privateKey, publicKey } = await generateKey({
    type: 'ecc',
    curve: 'ed25519Legacy',
    userIDs,
    subkeys: [],
    date,
    keyExpirationTime: 24 * 3600,
    format: 'object',
  });
  const longer = await reformatKey({
    privateKey,
    userIDs,
    date: new Date(date.getTime() + HOUR_MS),
    keyExpirationTime: 365 * 24 * 3600,
    format: 'object',
  });
  return {
    shortArmor: publicKey.armor(),
    laterArmor: longer.publicKey.armor(),
    privateKey: longer.privateKey,
  };
}
