import { Platform } from '../../kernel/terraform/platform.js';
import { packageFilename } from '../../kernel/terraform/package-filename.js';
import { ProviderAddress } from '../../kernel/terraform/provider-address.js';
import { Shasums } from '../../kernel/terraform/shasums.js';
import { sha256Hex } from '../../kernel/sha256.js';
import { DomainError } from '../../kernel/errors.js';
import { BundleInvalid, BundleTooLarge } from '../domain/bundle.errors.js';
import { parseUpstreamVersion, type UpstreamVersion } from '../domain/upstream-version.js';
import {
  BUNDLE_FORMAT,
  BUNDLE_FORMAT_VERSION,
  type BundledPackage,
  type BundledRelease,
  type BundleManifest,
  MAX_MANIFEST_BYTES,
} from './bundle-manifest.js';
import { MAX_ENTRY_BYTES } from './tar-layout.js';

type JsonObject = Readonly<Record<string, unknown>>;

const HOST = /^(?=.{1,260}$)[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::[1-9][0-9]{0,4})?$/;
const DIGEST = /^[0-9a-f]{64}$/;
const H1 = /^h1:[A-Za-z0-9+/]{43}=$/;
const PROTOCOL = /^[0-9]{1,3}\.[0-9]{1,3}$/;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const MAX_PACKAGES = 200;

/** The manifest as it is signed. Throws {@link BundleTooLarge}. */
export function formatManifest({ createdAt, exportedBy, releases }: BundleManifest): Buffer {
  const keys: Record<string, string> = {};
  const listed = releases.map((release) => {
    const key = sha256Hex(release.keyArmor);
    keys[key] = release.keyArmor;
    return {
      host: release.host,
      namespace: release.namespace,
      type: release.type,
      version: release.version.text,
      protocols: release.protocols,
      first_seen_at: release.firstSeenAt.toISOString(),
      shasums: release.shasums.toString('base64'),
      signature: release.signature.toString('base64'),
      key,
      packages: release.packages.map(({ platform, filename, digest, h1, sizeBytes }) => ({
        os: platform.os,
        arch: platform.arch,
        filename,
        sha256: digest,
        h1,
        size: sizeBytes,
      })),
    };
  });
  const text = JSON.stringify({
    format: BUNDLE_FORMAT,
    format_version: BUNDLE_FORMAT_VERSION,
    created_at: createdAt.toISOString(),
    exported_by: exportedBy,
    releases: listed,
    keys,
  });
  const bytes = Buffer.from(`${text}\n`);
  if (bytes.length > MAX_MANIFEST_BYTES) {
    throw new BundleTooLarge(
      `The list of ${releases.length} versions is larger than ${MAX_MANIFEST_BYTES} bytes`,
    );
  }
  return bytes;
}

/** Reads a manifest whose signature was verified; every rule is checked all the same. Throws {@link BundleInvalid}. */
export function parseManifest(bytes: Buffer): BundleManifest {
  const document = objectOf(readJson(bytes), 'the manifest');
  if (document['format'] !== BUNDLE_FORMAT) refuse('it is no bundle of providers');
  if (document['format_version'] !== BUNDLE_FORMAT_VERSION) {
    refuse('its format is of another version; export it again, or update this registry');
  }
  const keys = objectOf(document['keys'], 'keys');
  const releases = listOf(document['releases'], 'releases').map((entry) => readRelease(entry, keys));
  const once = new Set(
    releases.map(({ host, namespace, type, version }) => [host, namespace, type, version.text].join('/')),
  );
  if (once.size < releases.length) refuse('a version is listed twice');
  return {
    createdAt: timeOf(document['created_at'], 'created_at'),
    exportedBy: textOf(document['exported_by'], 'exported_by', 1024),
    releases,
  };
}

function readRelease(entry: unknown, keys: JsonObject): BundledRelease {
  const release = objectOf(entry, 'a release');
  const host = textOf(release['host'], 'host', 260);
  if (!HOST.test(host)) refuse('a host name is malformed');
  const { namespace, type } = readAddress(release);
  const version = parseUpstreamVersion(release['version']) ?? refuse('a version is malformed');
  const shasums = bytesOf(release['shasums'], 'shasums');
  const listed = readSums(shasums);
  const packages = listOf(release['packages'], 'packages').map((one) => readPackage(one, type, version));
  if (packages.length === 0 || packages.length > MAX_PACKAGES)
    refuse(`a version has 1 to ${MAX_PACKAGES} packages`);
  for (const { filename, digest } of packages) {
    if (listed.get(filename) !== digest) refuse(`the checksums of its publisher do not list ${filename} so`);
  }
  if (new Set(packages.map(({ filename }) => filename)).size < packages.length)
    refuse('a package is listed twice');
  return {
    host,
    namespace,
    type,
    version,
    protocols: listOf(release['protocols'], 'protocols').map((one) =>
      matching(one, PROTOCOL, 'a protocol version'),
    ),
    firstSeenAt: timeOf(release['first_seen_at'], 'first_seen_at'),
    shasums,
    signature: bytesOf(release['signature'], 'signature'),
    keyArmor: keyOf(keys, release['key']),
    packages,
  };
}

function readAddress({ namespace, type }: JsonObject): ProviderAddress {
  const address = orRefuse('an address is malformed', () =>
    ProviderAddress.parse({ namespace: namespace as string, type: type as string }),
  );
  return address.namespace === namespace ? address : refuse('a namespace is not in lower case');
}

function readPackage(entry: unknown, type: string, version: UpstreamVersion): BundledPackage {
  const { os, arch, filename, sha256, h1, size } = objectOf(entry, 'a package');
  const platform = orRefuse('a platform is malformed', () =>
    Platform.parse({ os: os as string, arch: arch as string }),
  );
  const wanted = packageFilename(type, version.text, platform);
  if (filename !== wanted) refuse(`the package of ${wanted} has another file name`);
  if (!Number.isSafeInteger(size) || (size as number) < 1 || (size as number) > MAX_ENTRY_BYTES) {
    refuse(`the size of ${wanted} is malformed`);
  }
  return {
    platform,
    filename: wanted,
    digest: matching(sha256, DIGEST, 'a digest'),
    h1: matching(h1, H1, 'an h1 hash'),
    sizeBytes: size as number,
  };
}

function readSums(shasums: Buffer): ReadonlyMap<string, string> {
  return orRefuse('the checksums of a publisher cannot be read', () => Shasums.parse(shasums).entries);
}

function keyOf(keys: JsonObject, name: unknown): string {
  const id = matching(name, DIGEST, 'the name of a key');
  const armor = Object.hasOwn(keys, id) ? keys[id] : undefined;
  if (typeof armor !== 'string' || sha256Hex(armor) !== id)
    return refuse('the key of a publisher is missing');
  return armor;
}

function readJson(bytes: Buffer): unknown {
  return orRefuse('its manifest is no JSON', () => JSON.parse(bytes.toString('utf8')) as unknown);
}

function orRefuse<T>(reason: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof DomainError || error instanceof SyntaxError || error instanceof TypeError) {
      throw new BundleInvalid(reason, { cause: error });
    }
    throw error;
  }
}

function objectOf(value: unknown, what: string): JsonObject {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject ? (value as JsonObject) : refuse(`${what} is no object`);
}

function listOf(value: unknown, what: string): readonly unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : refuse(`${what} is no list`);
}

function textOf(value: unknown, what: string, most: number): string {
  return typeof value === 'string' && value.length <= most ? value : refuse(`${what} is no text`);
}

function matching(value: unknown, pattern: RegExp, what: string): string {
  return typeof value === 'string' && pattern.test(value) ? value : refuse(`${what} is malformed`);
}

function bytesOf(value: unknown, what: string): Buffer {
  return Buffer.from(matching(value, BASE64, what), 'base64');
}

function timeOf(value: unknown, what: string): Date {
  const time = new Date(typeof value === 'string' ? value : Number.NaN);
  return Number.isNaN(time.getTime()) ? refuse(`${what} is no time`) : time;
}

function refuse(reason: string): never {
  throw new BundleInvalid(reason);
}
