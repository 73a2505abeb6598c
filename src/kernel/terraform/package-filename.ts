import { Platform } from './platform.js';
import { registrySegment } from './registry-segment.js';
import { Version } from './version.js';

const PACKAGE =
  /^terraform-provider-([0-9a-z-]{1,64})_([0-9A-Za-z.-]{1,64})_([a-z0-9]{1,32})_([a-z0-9]{1,32})\.zip$/;
const MAX_LENGTH = 256;

/** What a package file name says. `version` is canonical. */
export interface PackageFilename {
  readonly type: string;
  readonly version: string;
  readonly platform: Platform;
}

/** `terraform-provider-<type>_<version>_<os>_<arch>.zip`: the only name a provider package is served under. */
export function packageFilename(
  type: string,
  version: string,
  platform: { readonly os: string; readonly arch: string },
): string {
  return `terraform-provider-${type}_${version}_${platform.os}_${platform.arch}.zip`;
}

/** The reverse of {@link packageFilename}; undefined for every other name, also for versions that are not canonical. */
export function parsePackageFilename(name: string): PackageFilename | undefined {
  const match = name.length <= MAX_LENGTH ? PACKAGE.exec(name) : null;
  const [, type = '', version = '', os = '', arch = ''] = match ?? [];
  if (!registrySegment.isProviderType(type) || Version.tryParse(version)?.text !== version) {
    return undefined;
  }
  return { type, version, platform: Platform.parse({ os, arch }) };
}

/** `terraform-provider-<type>_<version>_SHA256SUMS`; the signature has `.sig` after it. */
export function shasumsFilename(type: string, version: string): string {
  return `terraform-provider-${type}_${version}_SHA256SUMS`;
}
