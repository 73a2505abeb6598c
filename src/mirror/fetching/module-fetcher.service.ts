import { open } from 'node:fs/promises';
import { Injectable } from '@nestjs/common';
import { LimitsConfig } from '../../config/limits.config.js';
import { moduleArchiveLimits } from '../../modules/module-archive-limits.js';
import { ModuleInspector } from '../../modules/module-inspector.js';
import type { ArchiveLimits } from '../../platform/archives/archive-limits.js';
import { ArchiveRejected } from '../../platform/archives/archives.errors.js';
import { spoolTarGz, spoolZip, type SpooledArchive } from '../../platform/archives/spooled-archive.js';
import { packTarGz, type PackedTar } from '../../platform/archives/tar-packing.js';
import type { SpoolDirectory } from '../../platform/temp-files/spool-directory.js';
import { TempFiles } from '../../platform/temp-files/temp-files.js';
import {
  MirrorDiskFull,
  MirrorFailure,
  MirrorInterrupted,
  PackageDigestMismatch,
} from '../domain/mirror.errors.js';
import { moduleFiles } from '../domain/module-files.js';
import {
  ModuleChecksumMismatch,
  ModuleCommitMismatch,
  ModuleUnusable,
} from '../domain/module-source.errors.js';
import type { ModuleSource } from '../upstream/module-registry-client.js';
import { PackageDownload } from '../upstream/package-download.js';
import { isDiskFull } from './disk-full.js';

const COMMIT = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;

/** A module on disk, in the form in which modules are published here. */
export interface FetchedModule {
  /** A gzip-compressed tar, until `discard`. */
  readonly path: string;
  readonly sizeBytes: number;
  /** SHA-256 of the bytes, 64 lower-case hex digits. */
  readonly digest: string;
  /** Removes the file. The caller does so whatever becomes of the module; twice does no harm. */
  discard(): Promise<void>;
}

/** Fetches the archive of a module and packs the module of it anew, always into the same bytes. */
@Injectable()
export class ModuleFetcher {
  private readonly limits: ArchiveLimits;

  constructor(
    private readonly downloads: PackageDownload,
    private readonly inspector: ModuleInspector,
    private readonly temp: TempFiles,
    limits: LimitsConfig,
  ) {
    this.limits = moduleArchiveLimits(limits);
  }

  /**
   * `what` names the module in failures: `namespace/name/system version`. What this gives passed the checks of
   * publishing, and whatever fails leaves no file behind. Throws a `MirrorFailure`.
   */
  async fetch(source: ModuleSource, what: string, signal?: AbortSignal): Promise<FetchedModule> {
    const spool = await this.temp.create('module');
    try {
      const archive = spool.file('archive');
      await this.download(archive, source, what, signal);
      const path = spool.file('module.tar.gz');
      const { sizeBytes, digest } = await this.pack(spool, { source, what, archive, path, signal });
      await this.inspector.inspect(path, { isAtRoot: true });
      return { path, sizeBytes, digest, discard: () => spool.remove() };
    } catch (error) {
      await spool.remove();
      throw failureOf(error, what, signal);
    }
  }

  private async download(
    path: string,
    { url, digest }: ModuleSource,
    what: string,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const largest = { bytes: this.limits.maxPackedBytes, setting: 'uploads.module.max_size' };
    const filename = `the archive of ${what}`;
    try {
      await this.downloads.download(path, { url, filename, digest, largest, ...(signal && { signal }) });
    } catch (error) {
      if (!(error instanceof PackageDigestMismatch)) throw error;
      throw new ModuleChecksumMismatch(what, error.wanted, error.found, { cause: error });
    }
  }

  private async pack(
    spool: SpoolDirectory,
    { source, what, archive, path, signal }: PackingWork,
  ): Promise<PackedTar> {
    const contents = await open(spool.file('contents'), 'wx+', 0o600);
    try {
      const spoolArchive = source.format === 'zip' ? spoolZip : spoolTarGz;
      const tree = await spoolArchive(archive, this.limits, contents, signal);
      assertCommit(tree, source, what);
      const { maxEntries: maxFiles, maxUnpackedBytes: maxBytes } = this.limits;
      const files = moduleFiles(tree, { folder: source.folder, what, maxFiles, maxBytes });
      return await packTarGz(path, files, contents, signal);
    } finally {
      await contents.close();
    }
  }
}

interface PackingWork {
  readonly source: ModuleSource;
  readonly what: string;
  readonly archive: string;
  readonly path: string;
  readonly signal: AbortSignal | undefined;
}

/** An archive that says no commit proves nothing, and contradicts nothing. */
function assertCommit({ comment }: SpooledArchive, { commit }: ModuleSource, what: string): void {
  const found = comment?.trim().toLowerCase();
  if (commit === undefined || found === undefined || !COMMIT.test(found)) return;
  if (found !== commit) throw new ModuleCommitMismatch(what, commit, found);
}

function failureOf(error: unknown, what: string, signal: AbortSignal | undefined): unknown {
  if (error instanceof MirrorFailure) return error;
  if (signal?.aborted)
    return signal.reason instanceof MirrorFailure ? signal.reason : new MirrorInterrupted();
  if (error instanceof ArchiveRejected) return new ModuleUnusable(what, error.message, { cause: error });
  return isDiskFull(error) ? new MirrorDiskFull({ cause: error }) : error;
}
