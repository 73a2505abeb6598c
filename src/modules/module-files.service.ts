import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { DocumentationConfig } from '../config/documentation.config.js';
import type { ModuleAddress } from '../kernel/terraform/module-address.js';
import type { Version } from '../kernel/terraform/version.js';
import { MemoryCache } from '../platform/cache/memory-cache.js';
import { ArtifactKey } from '../storage/artifact-key.js';
import { SpooledArtifacts } from '../storage/spooled-artifacts.service.js';
import { shownMediaType } from './domain/shown-media-type.js';
import { ModuleFileNotFound } from './domain/modules.errors.js';
import { ModuleArchiveReader } from './module-archive-reader.js';
import { ModuleDocumentationRepository } from './persistence/module-documentation.repository.js';
import { ReadableModuleVersion } from './readable-module-version.service.js';
import { ReadingSlots } from './reading-slots.js';

const HELD_FILES = 32;
const HELD_MS = 10 * 60_000;
const WAITING_PER_SLOT = 8;

/** A file of a module that READMEs may show. */
export interface ShownFile {
  readonly mediaType: string;
  readonly bytes: Buffer;
  /** Strong entity tag, with its quotes. */
  readonly etag: string;
}

/**
 * Files of module archives for the links and images of READMEs: text, which is always plain, and raster images. An
 * archive is read only for a file that the analysis has seen in it, by few readers at a time.
 */
@Injectable()
export class ModuleFiles {
  private readonly slots: ReadingSlots;
  private readonly held = new MemoryCache<ShownFile | null>({ lifeMs: HELD_MS, maxEntries: HELD_FILES });

  constructor(
    private readonly versions: ReadableModuleVersion,
    private readonly documentation: ModuleDocumentationRepository,
    private readonly artifacts: SpooledArtifacts,
    private readonly reader: ModuleArchiveReader,
    private readonly config: DocumentationConfig,
  ) {
    const { maxConcurrentFiles } = this.config;
    this.slots = new ReadingSlots(maxConcurrentFiles, maxConcurrentFiles * WAITING_PER_SLOT);
  }

  /**
   * The file at `path` inside a module.
   *
   * @throws ModuleNotFound, ModuleVersionNotFound, ModuleVersionRefused
   * @throws ModuleFileNotFound also for what is too large, HTML, SVG or anything else that is not shown
   * @throws ModuleFilesBusy
   */
  async read(address: ModuleAddress, version: Version, path: string): Promise<ShownFile> {
    const { id, digest, topFolder } = await this.versions.findDownloadable(address, version);
    if ((await this.documentation.file(id, path)) === null) throw new ModuleFileNotFound();
    const archive = ArtifactKey.module(digest, address, version.text);
    const { value: file } = await this.held.get(`${digest}:${path}`, () =>
      this.slots.run(() =>
        this.artifacts.with(archive, async (spooled) =>
          shownFile(path, await this.reader.readFile(spooled, topFolder, path)),
        ),
      ),
    );
    if (file === null) throw new ModuleFileNotFound();
    return file;
  }
}

function shownFile(path: string, bytes: Buffer | null): ShownFile | null {
  const mediaType = bytes && shownMediaType(path, bytes);
  if (!bytes || mediaType === null) return null;
  const digest = createHash('sha256').update(mediaType).update(bytes).digest('base64url');
  return { mediaType, bytes, etag: `"${digest}"` };
}
