import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { Injectable } from '@nestjs/common';
import { Transactions } from '../platform/database/transactions.js';
import { TempFiles } from '../platform/temp-files/temp-files.js';
import { ArtifactKey } from '../storage/artifact-key.js';
import { ArtifactStore } from '../storage/artifact-store.service.js';
import { DocumentationArchive, type DocumentationSources } from './documentation-archive.js';
import { InvalidProviderDocumentation } from './domain/providers.errors.js';
import {
  type DocumentedVersion,
  type MadeDocumentation,
  ProviderDocumentationRepository,
} from './persistence/provider-documentation.repository.js';
import { ProviderPageRenderer } from './provider-page-renderer.js';

/** Makes the pages of provider versions from their stored archives. */
@Injectable()
export class ProviderDocumentationMaker {
  constructor(
    private readonly documentation: ProviderDocumentationRepository,
    private readonly archive: DocumentationArchive,
    private readonly artifacts: ArtifactStore,
    private readonly tempFiles: TempFiles,
    private readonly renderer: ProviderPageRenderer,
    private readonly transactions: Transactions,
  ) {}

  /**
   * Makes the pages of a version anew and replaces those it has; does nothing for a version that is deleted or has no
   * archive. An archive that cannot be read is an outcome. Fails like `ArtifactStore.open`,
   * with `ThreadUnavailable`, and when `signal` is aborted; then nothing has changed.
   */
  async make(versionId: string, signal: AbortSignal): Promise<void> {
    const version = await this.documentation.version(versionId);
    if (!version || version.docsDigest === null || version.docsFilename === null) {
      return this.documentation.forgetRequest(versionId);
    }
    const made = await this.madeOf(
      version,
      ArtifactKey.named(version.docsDigest, version.docsFilename),
      signal,
    );
    await this.transactions.run(() => this.documentation.replace(versionId, version.docsDigest!, made));
  }

  private async madeOf(
    version: DocumentedVersion,
    key: ArtifactKey,
    signal: AbortSignal,
  ): Promise<MadeDocumentation> {
    try {
      const sources = await this.sourcesOf(key);
      const url = `/api/v1/providers/${version.namespace}/${version.type}/versions/${version.version}/docs`;
      const { pages, problems } = await this.renderer.render(sources, url, signal);
      return { status: 'ready', problems: [...sources.problems, ...problems], pages };
    } catch (error) {
      if (!(error instanceof InvalidProviderDocumentation)) throw error;
      return { status: 'failed', problems: [error.message], pages: [] };
    }
  }

  private async sourcesOf(key: ArtifactKey): Promise<DocumentationSources> {
    const spool = await this.tempFiles.create('provider-docs');
    try {
      const path = spool.file('docs');
      const { stream } = await this.artifacts.open(key);
      await pipeline(stream, createWriteStream(path, { mode: 0o600 }));
      return await this.archive.readPages(path);
    } finally {
      await spool.remove();
    }
  }
}
