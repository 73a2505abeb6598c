import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Job } from '../../platform/jobs/job.js';
import { JobRegistry } from '../../platform/jobs/job-registry.js';
import { ProviderDocumentationMaker } from '../provider-documentation-maker.service.js';
import { DOCUMENT_PROVIDER_JOB } from '../provider-documentation.service.js';
import { ProviderSearchEntry } from '../provider-search-entry.js';

/** Makes the documentation pages of one provider version. */
@Injectable()
export class DocumentProviderJob extends Job<{ versionId: string }> implements OnModuleInit {
  readonly name = DOCUMENT_PROVIDER_JOB;

  constructor(
    private readonly maker: ProviderDocumentationMaker,
    private readonly registry: JobRegistry,
    private readonly search: ProviderSearchEntry,
  ) {
    super();
  }

  onModuleInit(): void {
    this.registry.register(this);
  }

  async run({ versionId }: { versionId: string }, signal: AbortSignal): Promise<void> {
    await this.maker.make(versionId, signal);
    await this.search.refreshPages(versionId);
  }
}
