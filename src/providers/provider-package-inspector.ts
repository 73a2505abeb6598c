import { Injectable } from '@nestjs/common';
import { LimitsConfig } from '../config/limits.config.js';
import { Version } from '../kernel/terraform/version.js';
import { HEADER_LIMITS, type ArchiveLimits } from '../platform/archives/archive-limits.js';
import { ArchiveRejected } from '../platform/archives/archives.errors.js';
import { quoteEntry } from '../platform/archives/entry-path.js';
import { readZip, type ZipListing } from '../platform/archives/zip-reader.js';

type ZipEntry = ZipListing['entries'][number];

const TIMEOUT_MS = 120_000;
const MAX_ENTRIES = 10_000;
/** Binaries pack to a quarter or so; the setting for providers limits the packed size only. */
const UNPACKED_PER_PACKED = 8;
const EXECUTABLE_BITS = 0o111;
const VERSION_IN_NAME = /^_v([0-9A-Za-z.-]+?)(?:_x[0-9]+)?(?:\.exe)?$/;

/** Decides whether a file is a provider package that clients can install. */
@Injectable()
export class ProviderPackageInspector {
  private readonly limits: ArchiveLimits;

  constructor(limits: LimitsConfig) {
    this.limits = {
      ...HEADER_LIMITS,
      maxPackedBytes: limits.providerMaxBytes,
      maxUnpackedBytes: limits.providerMaxBytes * UNPACKED_PER_PACKED,
      maxEntries: MAX_ENTRIES,
      timeoutMs: TIMEOUT_MS,
    };
  }

  /**
   * Reads the zip at `path` and returns Terraform's `h1:` hash of it (REST contract, section 16). Throws
   * `ArchiveRejected` when it breaks a rule of archives, or when a client would find no program to start: a file
   * `terraform-provider-<type>…` at the root with the executable bit, or `….exe` for Windows. Entries for directories
   * are refused unless `allowDirectories`: what others published cannot be packed again.
   */
  async inspect(
    path: string,
    { type, version, os }: { type: string; version: string; os: string },
    { allowDirectories = false }: { readonly allowDirectories?: boolean } = {},
  ): Promise<{ h1: string }> {
    const listing = await readZip(path, this.limits, { allowDirectories });
    const program = findProgram(listing.entries, type);
    if (program === undefined) {
      throw new ArchiveRejected(
        `there is no file terraform-provider-${type} or terraform-provider-${type}_v${version} at the root; zip the program itself, without a folder around it`,
      );
    }
    checkVersion(program.name, type, version);
    const isWindowsProgram = os === 'windows' && program.name.endsWith('.exe');
    if (!isWindowsProgram && (program.mode & EXECUTABLE_BITS) === 0) {
      throw new ArchiveRejected(
        `${quoteEntry(program.name)} has no executable bit; run "chmod +x" on it and zip it on Linux or macOS`,
      );
    }
    return { h1: listing.h1 };
  }
}

/** The file that a client starts: the first by name whose name is the wanted one, or goes on with `_` or `.`. */
function findProgram(entries: readonly ZipEntry[], type: string): ZipEntry | undefined {
  const wanted = `terraform-provider-${type}`;
  return entries
    .filter(({ name }) => name.startsWith(wanted) && !name.includes('/'))
    .filter(({ name }) => ['', '_', '.'].includes(name.charAt(wanted.length)))
    .sort((left, right) => (left.name < right.name ? -1 : 1))[0];
}

function checkVersion(name: string, type: string, version: string): void {
  const written = VERSION_IN_NAME.exec(name.slice(`terraform-provider-${type}`.length))?.[1];
  const found = written === undefined ? undefined : Version.tryParse(written)?.text;
  if (found !== undefined && found !== version) {
    throw new ArchiveRejected(
      `${quoteEntry(name)} is version ${found}, not ${version}; publish it as ${found} or build it again`,
    );
  }
}
