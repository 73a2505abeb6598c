import { Injectable } from '@nestjs/common';
import { Transactions } from '../platform/database/transactions.js';
import { JobQueue } from '../platform/jobs/job-queue.js';
import { ArtifactKey } from '../storage/artifact-key.js';
import { ArtifactStore, type StagedArtifact } from '../storage/artifact-store.service.js';
import { ArtifactVanished } from '../storage/storage.errors.js';
import { DocumentationArchive, type DocumentationFormat } from './documentation-archive.js';
import { ProviderReleaseDiffers, ProviderVersionNotFound } from './domain/providers.errors.js';
import {
  type DocumentedVersion,
  ProviderDocumentationRepository,
} from './persistence/provider-documentation.repository.js';

export const DOCUMENT_PROVIDER_JOB = 'document-provider';

/** A documentation archive in a file: its size in bytes and its SHA-256 in lower-case hex. */
export interface DocumentationUpload {
  readonly path: string;
  readonly size: number;
  readonly digest: string;
}

/** An archive that was looked into. */
export interface InspectedDocumentation extends DocumentationUpload {
  readonly format: DocumentationFormat;
}

/** Takes in the documentation archives of provider versions. Pages are made of them in the background. */
@Injectable()
export class ProviderDocumentation {
  constructor(
    private readonly archive: DocumentationArchive,
    private readonly documentation: ProviderDocumentationRepository,
    private readonly artifacts: ArtifactStore,
    private readonly transactions: Transactions,
    private readonly jobs: JobQueue,
  ) {}

  /** Makes sure that an archive can be read and has a page. Throws `InvalidProviderDocumentation`. */
  async inspect(upload: DocumentationUpload): Promise<InspectedDocumentation> {
    return { ...upload, format: await this.archive.inspect(upload.path) };
  }

  /** Stores the bytes of an archive. Outside any transaction. */
  stage(type: string, version: string, docs: InspectedDocumentation): Promise<StagedArtifact> {
    const { digest, format, path, size } = docs;
    return this.artifacts.stage(ArtifactKey.providerDocs(digest, type, version, format), { path, size });
  }

  /** Has the pages of a version made that just got its archive. Inside the caller's transaction. */
  async begin(versionId: string): Promise<void> {
    await this.documentation.begin(versionId);
    await this.jobs.enqueue(
      DOCUMENT_PROVIDER_JOB,
      { versionId },
      { key: `${DOCUMENT_PROVIDER_JOB}:${versionId}` },
    );
  }

  /**
   * Gives a version that is published already its archive, as a mirror does; the same archive again changes nothing.
   *
   * @throws InvalidProviderDocumentation, ProviderVersionNotFound
   * @throws ProviderReleaseDiffers the version has another archive
   */
  async accept(versionId: string, upload: DocumentationUpload): Promise<void> {
    const version = await this.undocumented(versionId, upload);
    if (version === undefined) return;
    const docs = await this.inspect(upload);
    const attach = async (): Promise<boolean> => {
      const staged = await this.stage(version.type, version.version, docs);
      return this.transactions.run(async () => {
        await this.artifacts.commit(staged);
        const isAttached = await this.documentation.attach(versionId, staged.id, docs.digest);
        if (isAttached) await this.begin(versionId);
        return isAttached;
      });
    };
    const isAttached = await attach().catch((error: unknown) => {
      if (error instanceof ArtifactVanished) return attach();
      throw error;
    });
    if (!isAttached) await this.undocumented(versionId, upload);
  }

  /** The version when it has no archive yet; undefined when it has this one. */
  private async undocumented(
    versionId: string,
    { digest }: DocumentationUpload,
  ): Promise<DocumentedVersion | undefined> {
    const version = await this.documentation.version(versionId);
    if (version === undefined) throw new ProviderVersionNotFound();
    if (version.docsDigest === null) return version;
    if (version.docsDigest !== digest) throw new ProviderReleaseDiffers('docs_file', version.version);
    return undefined;
  }
}
