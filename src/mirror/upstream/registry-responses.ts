import { Platform } from '../../kernel/terraform/platform.js';
import { packageFilename } from '../../kernel/terraform/package-filename.js';
import { ProviderAddress } from '../../kernel/terraform/provider-address.js';
import { InvalidAddress, InvalidPlatform } from '../../kernel/terraform/terraform.errors.js';
import { defaultProtocols, parseProtocols } from '../../providers/domain/protocol-versions.js';
import { InvalidProtocols } from '../../providers/domain/providers.errors.js';
import { PackageMisdescribed, UpstreamAnswerInvalid } from '../domain/mirror.errors.js';
import type { ProviderName } from '../domain/name-filter.js';
import { printable } from '../domain/printable.js';
import type { ListedVersion, ProviderListing, UnreadableLine } from '../domain/provider-listing.js';
import { parseUpstreamVersion } from '../domain/upstream-version.js';
import type { PackageDocument, ProviderNames, VouchedKey } from './registry-client.js';
import { linkedUrl } from './upstream-registry.js';

const MAX_VERSIONS = 20_000;
const MAX_PLATFORMS = 200;
const MAX_PROVIDERS_OF_PAGE = 1000;
const MAX_KEYS = 32;
const MAX_ARMOR = 128 * 1024;
const MAX_SIGNATURE = 64 * 1024;
const MAX_UNREADABLE = 100;
const DIGEST = /^[0-9A-Fa-f]{64}$/;

/** A JSON object, none of whose fields is checked. */
export type JsonObject = Readonly<Record<string, unknown>>;

const NOTHING: JsonObject = {};

/** Where an answer came from, and what it is, for sentences. */
export interface AnswerOrigin {
  readonly url: URL;
  readonly what: string;
}

/** Reads a JSON object. Throws `UpstreamAnswerInvalid`. */
export function parseObject(body: Buffer, origin: AnswerOrigin): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    const isPage = body.subarray(0, 64).toString('latin1').trimStart().startsWith('<');
    throw invalid(origin, isPage ? 'it sent a web page, perhaps to sign in' : 'it is no JSON');
  }
  return isObject(value) ? value : throwInvalid(origin, 'it is no JSON object');
}

/** Reads a page of a list of providers and where the next one begins. Throws `UpstreamAnswerInvalid`. */
export function parseProviderPage(
  document: JsonObject,
  origin: AnswerOrigin,
): ProviderNames & { readonly nextOffset?: number } {
  const entries = listOf(document['providers'], 'providers', MAX_PROVIDERS_OF_PAGE, origin);
  const unreadable = new UnreadableLines();
  const names: ProviderName[] = [];
  for (const entry of entries) {
    const { namespace, name, type = name } = isObject(entry) ? entry : NOTHING;
    const address = readAddress(namespace, type);
    if (typeof address === 'string') unreadable.add(`${shown(namespace)}/${shown(type)}`, address);
    else names.push(address);
  }
  const meta = document['meta'];
  const nextOffset = isObject(meta) ? meta['next_offset'] : undefined;
  return {
    names,
    unreadable: unreadable.lines,
    ...(Number.isSafeInteger(nextOffset) && { nextOffset: nextOffset as number }),
  };
}

/** Reads a list of versions; lines that break a rule are left out with a reason. Throws `UpstreamAnswerInvalid`. */
export function parseListing(document: JsonObject, origin: AnswerOrigin): ProviderListing {
  const entries = listOf(document['versions'], 'versions', MAX_VERSIONS, origin);
  const unreadable = new UnreadableLines();
  const versions: ListedVersion[] = [];
  for (const entry of entries) {
    const { version, platforms } = isObject(entry) ? entry : NOTHING;
    const upstream = parseUpstreamVersion(version);
    if (upstream === undefined) {
      unreadable.add(shown(version), 'it is no version of the form MAJOR.MINOR.PATCH');
    } else {
      versions.push({ ...upstream, platforms: readPlatforms(platforms, upstream.text, unreadable) });
    }
  }
  return { versions, unreadable: unreadable.lines };
}

/** Reads the description of a package that was asked for. Throws `UpstreamAnswerInvalid`, `PackageMisdescribed`. */
export function parsePackageDocument(
  document: JsonObject,
  wanted: Pick<PackageDocument, 'name' | 'version' | 'platform'>,
  origin: AnswerOrigin,
): PackageDocument {
  const { name, version, platform } = wanted;
  const filename = packageFilename(name.type, version, platform);
  const refuse = (reason: string): never => {
    throw new PackageMisdescribed(filename, reason);
  };
  const { os, arch, shasum } = document;
  if (os !== platform.os || arch !== platform.arch) refuse(`it says ${shown(os)} and ${shown(arch)}`);
  if (document['filename'] !== filename) refuse(`its file is ${shown(document['filename'])}`);
  if (typeof shasum !== 'string' || !DIGEST.test(shasum)) refuse('shasum is not 64 hex digits');
  const url = (field: string): URL =>
    linkedUrl(document[field], origin.url) ??
    throwInvalid(origin, `${field} is no address that can be used (http or https, and https stays https)`);
  return {
    ...wanted,
    filename,
    digest: String(shasum).toLowerCase(),
    protocols: readProtocols(document['protocols'], filename),
    downloadUrl: url('download_url'),
    shasumsUrl: url('shasums_url'),
    signatureUrl: url('shasums_signature_url'),
    ...readKeys(document['signing_keys']),
  };
}

function readAddress(namespace: unknown, type: unknown): ProviderName | string {
  try {
    const address = ProviderAddress.parse({ namespace: namespace as string, type: type as string });
    return { namespace: address.namespace, type: address.type };
  } catch (error) {
    if (error instanceof InvalidAddress) return error.message;
    throw error;
  }
}

function readPlatforms(value: unknown, version: string, unreadable: UnreadableLines): Platform[] {
  const platforms: Platform[] = [];
  const entries = Array.isArray(value) ? value : [];
  for (const entry of entries.slice(0, MAX_PLATFORMS)) {
    const { os, arch } = isObject(entry) ? entry : NOTHING;
    try {
      platforms.push(Platform.parse({ os: os as string, arch: arch as string }));
    } catch (error) {
      if (!(error instanceof InvalidPlatform)) throw error;
      unreadable.add(`${version} ${shown(os)}/${shown(arch)}`, error.message);
    }
  }
  if (entries.length > MAX_PLATFORMS) unreadable.add(version, `it has more than ${MAX_PLATFORMS} platforms`);
  return platforms;
}

function readProtocols(value: unknown, filename: string): string[] {
  if (value === undefined || value === null || (Array.isArray(value) && value.length === 0)) {
    return defaultProtocols();
  }
  try {
    return parseProtocols(JSON.stringify(value)) ?? defaultProtocols();
  } catch (error) {
    if (!(error instanceof InvalidProtocols)) throw error;
    throw new PackageMisdescribed(filename, `protocols is ${shown(JSON.stringify(value))}`);
  }
}

function readKeys(value: unknown): Pick<PackageDocument, 'keys' | 'vouched'> {
  const offered = isObject(value) ? value['gpg_public_keys'] : undefined;
  const keys: string[] = [];
  const vouched: VouchedKey[] = [];
  for (const key of Array.isArray(offered) ? offered.slice(0, MAX_KEYS) : []) {
    const { ascii_armor: armor, trust_signature: signature } = isObject(key) ? key : NOTHING;
    if (typeof armor !== 'string' || armor.length > MAX_ARMOR) continue;
    keys.push(armor);
    if (typeof signature === 'string' && signature !== '' && signature.length <= MAX_SIGNATURE) {
      vouched.push({ armor, signature });
    }
  }
  return { keys, ...(vouched.length > 0 && { vouched }) };
}

function listOf(value: unknown, field: string, most: number, origin: AnswerOrigin): readonly unknown[] {
  if (value === null) return [];
  if (!Array.isArray(value)) return throwInvalid(origin, `"${field}" is no list`);
  return value.length <= most ? value : throwInvalid(origin, `"${field}" has more than ${most} entries`);
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function shown(value: unknown): string {
  return typeof value === 'string' ? printable(value) : value === undefined ? 'nothing' : typeof value;
}

function invalid({ url, what }: AnswerOrigin, reason: string): UpstreamAnswerInvalid {
  return new UpstreamAnswerInvalid(url.host, what, reason);
}

function throwInvalid(origin: AnswerOrigin, reason: string): never {
  throw invalid(origin, reason);
}

/** The first hundred; more would say nothing new. */
class UnreadableLines {
  readonly lines: UnreadableLine[] = [];

  add(what: string, reason: string): void {
    if (this.lines.length < MAX_UNREADABLE) this.lines.push({ what, reason });
  }
}
