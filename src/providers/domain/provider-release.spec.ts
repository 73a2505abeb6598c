import { describe, expect, it } from 'vitest';
import type { ProviderPackage, ProviderVersion, ProviderVersionWithPackages } from './provider-version.js';
import { type IncomingPackage, planRelease, type PublisherSums } from './provider-release.js';

const digest = (letter: string) => letter.repeat(64);
const filename = (arch: string) => `terraform-provider-cloud_1.0.0_linux_${arch}.zip`;

function incoming(arch: string, letter: string): IncomingPackage {
  return { os: 'linux', arch, filename: filename(arch), digest: digest(letter), h1: 'h1:x', sizeBytes: 1 };
}

function held(arch: string, letter: string, artifactId: string | null = 'artifact'): ProviderPackage {
  return { ...incoming(arch, letter), id: arch, versionId: 'v', artifactId, createdAt: new Date(0) };
}

function sums(...lines: [string, string][]): PublisherSums {
  const text = lines.map(([arch, letter]) => `${digest(letter)}  ${filename(arch)}\n`).join('');
  return { text, signature: Buffer.from('signature'), keyFingerprint: 'F'.repeat(40), keyArmor: 'armor' };
}

function stored(
  packages: ProviderPackage[],
  change: Partial<ProviderVersion> = {},
): ProviderVersionWithPackages {
  const version = {
    state: 'active',
    quarantinedAt: null,
    protocols: ['5.0'],
    signedBy: 'registry',
    publisherKeyArmor: null,
    ...change,
  };
  return { version: version as ProviderVersion, packages };
}

const plan = (
  existing: ProviderVersionWithPackages | null,
  release: Parameters<typeof planRelease>[2],
  allow = false,
) => planRelease('1.0.0', existing, release, allow);

describe('a release signed by the registry', () => {
  it('lists what was there before and what is added, sorted by file name', () => {
    const made = plan(stored([held('amd64', 'a')]), { packages: [incoming('386', 'b')] });
    expect(made.signing).toEqual({
      kind: 'registry',
      shasums: `${digest('b')}  ${filename('386')}\n${digest('a')}  ${filename('amd64')}\n`,
    });
  });

  it('takes the protocols of the first call and 5.0 when nobody said', () => {
    expect(plan(null, { packages: [incoming('amd64', 'a')] }).protocols).toEqual(['5.0']);
    expect(plan(null, { packages: [incoming('amd64', 'a')], protocols: ['6.0'] }).protocols).toEqual(['6.0']);
  });

  it('refuses a platform that exists, with the stored checksum, also for the same bytes', () => {
    const existing = stored([held('amd64', 'a')]);
    expect(() => plan(existing, { packages: [incoming('amd64', 'a')] })).toThrow(
      'Platform linux/amd64 already exists for version 1.0.0',
    );
  });

  it('refuses other protocols and another key in a later call', () => {
    const existing = stored([held('amd64', 'a')], { publisherKeyArmor: 'one' });
    const packages = [incoming('386', 'b')];
    expect(() => plan(existing, { packages, protocols: ['6.0'] })).toThrow('another protocols');
    expect(() => plan(existing, { packages, publisherKeyArmor: 'two' })).toThrow('another gpg_public_key');
    expect(plan(existing, { packages, publisherKeyArmor: 'one', protocols: ['5.0'] }).publisherKeyArmor).toBe(
      'one',
    );
  });

  it('compares sums that came without a signature with the packages of the call', () => {
    const packages = [incoming('amd64', 'a')];
    const right = sums(['amd64', 'a'], ['386', 'b']).text;
    expect(plan(null, { packages, unsignedShasums: right }).signing.kind).toBe('registry');
    expect(() => plan(null, { packages, unsignedShasums: sums(['amd64', 'b']).text })).toThrow(
      'but the uploaded file has',
    );
  });

  it('becomes publisher-signed when later sums list everything that is there', () => {
    const existing = stored([held('amd64', 'a')]);
    const complete = sums(['amd64', 'a'], ['386', 'b']);
    expect(plan(existing, { packages: [incoming('386', 'b')], sums: complete }).signing).toEqual({
      kind: 'publisher',
      sums: complete,
    });
    expect(() => plan(existing, { packages: [incoming('386', 'b')], sums: sums(['386', 'b']) })).toThrow(
      `shasums_file has no line for ${filename('amd64')}`,
    );
  });
});

describe('a release signed by its publisher', () => {
  const signed = sums(['amd64', 'a'], ['386', 'b']);
  const existing = stored([held('amd64', 'a')], {
    signedBy: 'publisher',
    shasums: signed.text,
    signature: signed.signature,
    signingKeyFingerprint: signed.keyFingerprint,
    signingKeyArmor: signed.keyArmor,
  });

  it('takes a platform that its sums list', () => {
    expect(plan(existing, { packages: [incoming('386', 'b')] }).signing).toEqual({
      kind: 'publisher',
      sums: signed,
    });
  });

  it('refuses a platform that its sums do not list, or list with another hash', () => {
    expect(() => plan(existing, { packages: [incoming('arm64', 'c')] })).toThrow('does not list this');
    expect(() => plan(existing, { packages: [incoming('386', 'c')] })).toThrow('does not list this');
  });

  it('refuses other sums', () => {
    expect(() => plan(existing, { packages: [incoming('386', 'b')], sums: sums(['386', 'b']) })).toThrow(
      'another shasums_file',
    );
  });

  it('refuses other sums that came without a signature, and takes its own', () => {
    const packages = [incoming('386', 'b')];
    const unsignedShasums = sums(['386', 'b']).text;
    expect(() => plan(existing, { packages, unsignedShasums })).toThrow('another shasums_file');
    expect(plan(existing, { packages, unsignedShasums: signed.text }).signing.kind).toBe('publisher');
  });

  it('refuses sums that list an uploaded file with another hash', () => {
    expect(() => plan(null, { packages: [incoming('amd64', 'c')], sums: signed })).toThrow(
      'Invalid checksums',
    );
  });
});

describe('a deleted release', () => {
  const tombstone = stored([held('amd64', 'a', null)], { state: 'deleted' });

  it('comes back with the same bytes', () => {
    expect(plan(tombstone, { packages: [incoming('amd64', 'a')] }).isOtherContent).toBe(false);
  });

  it('refuses other bytes and other platforms', () => {
    expect(() => plan(tombstone, { packages: [incoming('amd64', 'b')] })).toThrow('was deleted');
    expect(() => plan(tombstone, { packages: [incoming('386', 'b')] })).toThrow('was deleted');
  });

  it('takes other bytes where the server allows it', () => {
    expect(plan(tombstone, { packages: [incoming('amd64', 'b')] }, true).isOtherContent).toBe(true);
  });
});
