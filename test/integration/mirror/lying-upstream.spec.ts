import { Logger } from '@nestjs/common';
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MirrorFailure } from '../../../src/mirror/domain/mirror.errors.js';
import { failureLine } from '../../../src/mirror/domain/sync-report.js';
import type { FetchLimits } from '../../../src/mirror/fetching/fetch-limits.js';
import type { PackageRequest } from '../../../src/mirror/fetching/package-fetcher.service.js';
import { digestOf, FakeUpstream, type Lie } from '../../support/fakes/upstream/fake-upstream.js';
import { METADATA_LIES } from '../../support/fakes/upstream/lies-about-metadata.js';
import { RELEASE_LIES } from '../../support/fakes/upstream/lies-about-releases.js';
import { MirrorHarness, NAME, TOKEN } from '../../support/fakes/upstream/mirror-harness.js';
import { makeUpstreamKeys, type UpstreamKeys } from '../../support/fakes/upstream/upstream-keys.js';
import { packageBytes, VERSION } from '../../support/fakes/upstream/upstream-release.js';

/** The code of the failure, or that the honest bytes come out in spite of it. */
const METADATA: Record<keyof typeof METADATA_LIES, string> = {
  'discovery is missing': 'upstream_not_found',
  'discovery is a login page': 'upstream_answer_invalid',
  'discovery is not called JSON': 'upstream_answer_invalid',
  'discovery has no providers': 'upstream_has_no_providers',
  'discovery names a file': 'upstream_answer_invalid',
  'discovery names credentials': 'upstream_answer_invalid',
  'discovery leads to a private address': 'upstream_not_allowed',
  'discovery leads to another origin': 'honest bytes',
  'discovery is redirected to another origin': 'honest bytes',
  'the list is a login page': 'upstream_answer_invalid',
  'the list is a login page called JSON': 'upstream_answer_invalid',
  'the list is cut': 'upstream_answer_invalid',
  'the list breaks off': 'upstream_unreachable',
  'the list is endless': 'upstream_answer_invalid',
  'the list is a bomb': 'upstream_answer_invalid',
  'the list is an array': 'upstream_answer_invalid',
  'the list has no versions': 'upstream_answer_invalid',
  'the list has versions of another kind': 'upstream_answer_invalid',
  'the list is slow': 'upstream_unreachable',
  'the list never changes': 'upstream_answer_invalid',
  'the list needs a token': 'upstream_access_denied',
  'the list is gone': 'upstream_not_found',
  'the list fails': 'upstream_busy',
  'the list is too much asked for': 'upstream_busy',
  'the list is a teapot': 'upstream_answer_invalid',
  'the list goes in circles': 'upstream_redirect_refused',
  'the list leads to a private address': 'upstream_not_allowed',
  'the list leads to cloud metadata': 'upstream_not_allowed',
  'the list leads to a file': 'upstream_not_allowed',
  'the list leads nowhere': 'upstream_redirect_refused',
  'the list is redirected to another origin': 'honest bytes',
  'the list has hostile strings': 'honest bytes',
  'the list lost its newest version': 'honest bytes',
  'the list is empty': 'honest bytes',
  'the version was removed': 'upstream_not_found',
  'another platform is described': 'package_misdescribed',
  'another architecture is described': 'package_misdescribed',
  'the file name leaves the folder': 'package_misdescribed',
  'the file name has control characters': 'package_misdescribed',
  'the digest is none': 'package_misdescribed',
  'the digest is a number': 'package_misdescribed',
  'the protocols cannot be read': 'package_misdescribed',
  'the protocols are a number': 'package_misdescribed',
  'the package is a file of this server': 'upstream_answer_invalid',
  'the package has no address': 'upstream_answer_invalid',
  'the checksums are at an address of another kind': 'upstream_answer_invalid',
  'the package is at a private address': 'upstream_not_allowed',
  'the checksums are at a private address': 'upstream_not_allowed',
  'the digest of the JSON is another': 'release_digests_disagree',
};

const RELEASES: Record<keyof typeof RELEASE_LIES, string> = {
  'the signed digests are others': 'release_digests_disagree',
  'all digests are others': 'package_digest_mismatch',
  'the signature is of other bytes': 'release_signature_invalid',
  'the signature is damaged': 'release_signature_invalid',
  'the signature is of another key that is named': 'release_key_not_trusted',
  'the signature is of another key that is not named': 'release_signature_invalid',
  'the signature is missing': 'release_unsigned',
  'the signature fails': 'upstream_busy',
  'the signature is cut': 'release_signature_invalid',
  'the signature is empty': 'release_signature_invalid',
  'the signature is a login page': 'upstream_answer_invalid',
  'the signature is endless': 'upstream_answer_invalid',
  'the signature is at a login': 'upstream_access_denied',
  'the key had expired': 'release_signature_invalid',
  'the key is revoked': 'release_key_revoked',
  'no key can be read': 'honest bytes',
  'the checksums are missing': 'release_unsigned',
  'the checksums are endless': 'upstream_answer_invalid',
  'the checksums are a login page': 'upstream_answer_invalid',
  'the checksums were changed after signing': 'release_signature_invalid',
  'the checksums have a blank line': 'release_checksums_invalid',
  'the checksums have carriage returns': 'release_checksums_invalid',
  'the checksums name other files': 'release_checksums_invalid',
  'the checksums name a folder': 'release_checksums_invalid',
  'the checksums name a file twice': 'release_checksums_invalid',
  'the package is cut': 'package_digest_mismatch',
  'the package is damaged': 'package_digest_mismatch',
  'the package always breaks off': 'package_incomplete',
  'the package breaks off once': 'honest bytes',
  'the package breaks off once and knows no ranges': 'honest bytes',
  'the rest of the package is of another file': 'honest bytes',
  'the rest of the package begins elsewhere': 'honest bytes',
  'the rest of the package cannot be had': 'honest bytes',
  'the rest of the package is always of another file': 'package_incomplete',
  'the package is slow': 'upstream_stalled',
  'the package is endless': 'package_too_large',
  'the package is shorter than announced': 'package_incomplete',
  'the package is longer than announced': 'package_digest_mismatch',
  'the package is announced as huge': 'package_too_large',
  'the package is compressed': 'upstream_answer_invalid',
  'the package leads to a private address': 'upstream_not_allowed',
  'the package goes in circles': 'upstream_redirect_refused',
  'the package is redirected to another origin': 'honest bytes',
  'the package is a login page': 'upstream_answer_invalid',
  'the package is missing': 'upstream_not_found',
  'the package needs a token': 'upstream_access_denied',
  'the package fails': 'upstream_busy',
  'the bytes changed, signed anew': 'release_mutated',
  'the package is a bomb': 'package_unusable',
  'the package has no program': 'package_unusable',
  'the program may not be started': 'package_unusable',
  'the program is of another version': 'package_unusable',
  'the package leaves its folder': 'package_unusable',
  'the package is no zip': 'package_unusable',
};

const HONEST = packageBytes(VERSION, 'linux_amd64');
const LIMITS: Record<string, Partial<FetchLimits>> = {
  'the list is slow': { metadataTimeoutMs: 300 },
  'the package is slow': { paceWindowMs: 200, minBytesPerWindow: 64 },
};
let keys: UpstreamKeys;

beforeAll(async () => {
  Logger.overrideLogger(false);
  keys = await makeUpstreamKeys();
});
afterAll(() => Logger.overrideLogger(['error']));

/** The mirror has the honest package already when the lie is about changed bytes. */
function heldFor(lie: string): PackageRequest['held'] {
  const filename = `terraform-provider-widget_${VERSION}_linux_amd64.zip`;
  return lie.startsWith('the bytes changed') ? [{ filename, digest: digestOf(HONEST) }] : [];
}

async function outcome(
  harness: MirrorHarness,
  upstream: FakeUpstream,
  held: PackageRequest['held'],
): Promise<string> {
  try {
    const { fetched } = await harness.mirror(upstream, { held });
    const bytes = await readFile(fetched.path);
    await fetched.discard();
    return bytes.equals(HONEST) && fetched.release.trust === 'approved' ? 'honest bytes' : 'OTHER BYTES';
  } catch (error) {
    if (!(error instanceof MirrorFailure)) throw error;
    const line = failureLine({ ...NAME, version: VERSION }, error);
    expect(line.message).toMatch(/^[\x20-\x7e…]{10,600}$/);
    expect(line.message).not.toContain(TOKEN);
    return line.code;
  }
}

async function expectOutcome(name: string, lie: Lie, expected: string): Promise<FakeUpstream> {
  const upstream = await FakeUpstream.start(keys, lie);
  const harness = new MirrorHarness(LIMITS[name]);
  try {
    expect(await outcome(harness, upstream, heldFor(name))).toBe(expected);
    expect(harness.leftovers, 'temporary files').toEqual([]);
    expect(upstream.canaryHits, 'connections to the private address').toBe(0);
    const elsewhere = upstream.askedElsewhere.filter(({ headers }) =>
      JSON.stringify(headers).includes(TOKEN),
    );
    expect(elsewhere, 'requests with the token at another origin').toEqual([]);
    return upstream;
  } finally {
    await harness.close();
    await upstream.stop();
  }
}

describe('an upstream that lies about metadata (F4, F6, F7, F14, F16)', () => {
  it.each(Object.entries(METADATA))('%s: %s', async (name, expected) => {
    await expectOutcome(name, METADATA_LIES[name as keyof typeof METADATA_LIES], expected);
  });
});

describe('an upstream that lies about releases (F1, F2, F3, F5, F6)', () => {
  it.each(Object.entries(RELEASES))('%s: %s', async (name, expected) => {
    await expectOutcome(name, RELEASE_LIES[name as keyof typeof RELEASE_LIES], expected);
  });
});

describe('the token of an upstream', () => {
  it.each([
    'discovery leads to another origin',
    'discovery is redirected to another origin',
    'the list is redirected to another origin',
  ] as const)('stays at its origin when %s', async (name) => {
    const upstream = await expectOutcome(name, METADATA_LIES[name], 'honest bytes');
    const withToken = upstream.asked.filter(({ headers }) => headers.authorization === `Bearer ${TOKEN}`);
    expect(withToken.length).toBeGreaterThan(0);
    expect(upstream.askedElsewhere.length).toBeGreaterThan(0);
  });

  it('goes to the protocol only, not to files', async () => {
    const upstream = await expectOutcome('an honest upstream', {}, 'honest bytes');
    const carried = new Set(
      upstream.asked.filter(({ headers }) => headers.authorization).map(({ endpoint }) => endpoint),
    );
    expect([...carried].sort()).toEqual(['discovery', 'package', 'versions']);
  });
});
