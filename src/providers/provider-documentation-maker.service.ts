import { Injectable } from '@nestjs/common';
import { Transactions } from '../platform/database/transactions.js';
import { ArtifactKey } from '../storage/artifact-key.js';
import { SpooledArtifacts } from '../storage/spooled-artifacts.service.js';
import { DocumentationArchive } from './documentation-archive.js';
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
    private readonly artifacts: SpooledArtifacts,
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
      const sources = await this.artifacts.with(key, (path) => this.archive.readPages(path));
      const url = `/api/v1/providers/${version.namespace}/${version.type}/versions/${version.version}/docs`;
      const { pages, problems } = await this.renderer.render(sources, url, signal);
      return { status: 'ready', problems: [...sources.problems, ...problems], pages };
    } catch (error) {
      if (!(error instanceof InvalidProviderDocumentation)) throw error;
      return { status: 'failed', problems: [error.message], pages: [] };
    }
  }
}
