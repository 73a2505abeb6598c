import { describe, expect, it } from 'vitest';
import { Shasums } from '../../kernel/terraform/shasums.js';
import { type IncomingMirroredRelease, planMirroredRelease } from './mirrored-release.js';
import type { IncomingPackage, PublisherSums } from './provider-release.js';
import type { ProviderVersionWithPackages } from './provider-version.js';

const digestOf = (digit: string): string => digit.repeat(64);
const nameOf = (os: string): string => `terraform-provider-cloud_1.0.0_${os}_amd64.zip`;
const aPackage = (os: string, digit: string): IncomingPackage => ({
  os,
  arch: 'amd64',
  filename: nameOf(os),
  digest: digestOf(digit),
  h1: 'h1:made-up',
  sizeBytes: 1,
});
const sumsOf = (lines: Record<string, string>, signature = 'one'): PublisherSums => ({
  text: Shasums.format(Object.entries(lines).map(([os, digit]) => [nameOf(os), digestOf(digit)] as const)),
  signature: Buffer.from(signature),
  keyFingerprint: 'F',
  keyArmor: 'armor',
});
const brings = (
  packages: IncomingPackage[],
  sums: PublisherSums,
  protocols = ['5.0'],
): IncomingMirroredRelease => ({
  packages,
  protocols,
  sums,
});

/** What is stored after this was brought; `gone`: then deleted. */
function stored(
  release: IncomingMirroredRelease,
  gone: { quarantined?: boolean } | null = null,
): ProviderVersionWithPackages {
  const { sums, packages, protocols } = release;
  const version = {
    protocols,
    shasums: sums.text,
    signature: sums.signature,
    signingKeyFingerprint: sums.keyFingerprint,
    signingKeyArmor: sums.keyArmor,
    state: gone ? 'deleted' : 'active',
    quarantinedAt: gone?.quarantined ? new Date() : null,
    docsArtifactId: null,
    docsDigest: null,
  };
  const held = packages.map((one) => ({ ...one, artifactId: gone ? null : 'artifact' }));
  return { version, packages: held } as unknown as ProviderVersionWithPackages;
}

const linux = aPackage('linux', '1');
const darwin = aPackage('darwin', '2');
const both = sumsOf({ linux: '1', darwin: '2' });
const codeOf = (work: () => unknown): string => {
  try {
    work();
    return 'planned';
  } catch (error) {
    return (error as { code: string }).code;
  }
};

describe('what a mirror makes of a version', () => {
  it('is a version that its publisher signed', () => {
    expect(planMirroredRelease('1.0.0', null, brings([linux], both))).toMatchObject({
      added: [linux],
      protocols: ['5.0'],
      publisherKeyArmor: null,
      isOtherContent: false,
      signing: { kind: 'publisher', sums: both },
    });
  });

  it('is nothing when all of it is here, also with another good signature', () => {
    const here = stored(brings([linux, darwin], both));
    expect(planMirroredRelease('1.0.0', here, brings([linux], both))).toBeUndefined();
    const resigned = { ...both, signature: Buffer.from('two') };
    expect(planMirroredRelease('1.0.0', here, brings([darwin, linux], resigned))).toBeUndefined();
  });

  it('adds what is not here, and keeps the signature of a document that did not change', () => {
    const here = stored(brings([linux], both));
    const resigned = { ...both, signature: Buffer.from('two') };
    const plan = planMirroredRelease('1.0.0', here, brings([linux, darwin], resigned));
    expect(plan?.added).toEqual([darwin]);
    expect(plan?.signing).toEqual({ kind: 'publisher', sums: both });
  });

  it('takes a document that lists more', () => {
    const here = stored(brings([linux], sumsOf({ linux: '1' })));
    expect(planMirroredRelease('1.0.0', here, brings([darwin], both))?.signing).toEqual({
      kind: 'publisher',
      sums: both,
    });
  });

  it('brings tombstones back with the same bytes', () => {
    const here = stored(brings([linux], both), {});
    expect(planMirroredRelease('1.0.0', here, brings([linux, darwin], both))?.added).toEqual([linux, darwin]);
  });

  const onlyLinux = sumsOf({ linux: '1' });
  it.each<[string, string, ProviderVersionWithPackages | null, IncomingMirroredRelease]>([
    ['bytes that the document does not list', 'invalid_release_checksums', null, brings([darwin], onlyLinux)],
    [
      'a digest that the document does not list',
      'invalid_release_checksums',
      null,
      brings([aPackage('linux', '3')], onlyLinux),
    ],
    [
      'other bytes',
      'provider_release_differs',
      stored(brings([linux], onlyLinux)),
      brings([aPackage('linux', '3')], sumsOf({ linux: '3' })),
    ],
    [
      'other bytes than a tombstone',
      'provider_release_differs',
      stored(brings([linux], onlyLinux), {}),
      brings([aPackage('linux', '3')], sumsOf({ linux: '3' })),
    ],
    [
      'a document that lost a line',
      'provider_release_differs',
      stored(brings([linux], both)),
      brings([linux], onlyLinux),
    ],
    [
      'a changed line for what is not here',
      'provider_release_differs',
      stored(brings([linux], both)),
      brings([linux], sumsOf({ linux: '1', darwin: '3' })),
    ],
    [
      'other protocols',
      'provider_release_differs',
      stored(brings([linux], both)),
      brings([linux], both, ['6.0']),
    ],
    [
      'more platforms of a quarantined version',
      'provider_version_quarantined',
      stored(brings([linux], both), { quarantined: true }),
      brings([darwin], both),
    ],
  ])('is refused: %s', (_, code, here, incoming) => {
    expect(codeOf(() => planMirroredRelease('1.0.0', here, incoming))).toBe(code);
  });
});
