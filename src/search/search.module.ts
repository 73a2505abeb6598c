import { Module, type OnModuleInit } from '@nestjs/common';
import { OrgsModule } from '../orgs/orgs.module.js';
import { JobRegistry } from '../platform/jobs/job-registry.js';
import { Scheduler } from '../platform/jobs/scheduler.js';
import { SearchApiController } from './http/search-api.controller.js';
import { RefillSearchJob } from './jobs/refill-search.job.js';
import { SearchDocumentEntity } from './persistence/search-document.entity.js';
import { SearchDocumentsRepository } from './persistence/search-documents.repository.js';
import { SearchDownloadEntity } from './persistence/search-download.entity.js';
import { SearchResultsRepository } from './persistence/search-results.repository.js';
import { SearchWordEntity } from './persistence/search-word.entity.js';
import { SearchWordsRepository } from './persistence/search-words.repository.js';
import { SearchIndex } from './search-index.service.js';
import { SearchNamespaces } from './search-namespaces.js';
import { SearchRefill } from './search-refill.service.js';
import { SearchVocabulary } from './search-vocabulary.service.js';
import { Search } from './search.service.js';

/**
 * Searches over modules and providers: one row each in `search_documents`, filtered by what the caller may read.
 * Route: `/api/v1/search`. Modules and providers keep their rows themselves, through `SearchIndex`.
 */
@Module({
  imports: [OrgsModule],
  controllers: [SearchApiController],
  providers: [
    RefillSearchJob,
    Search,
    SearchDocumentsRepository,
    SearchIndex,
    SearchNamespaces,
    SearchRefill,
    SearchResultsRepository,
    SearchVocabulary,
    SearchWordsRepository,
  ],
  exports: [Search, SearchIndex, SearchRefill],
})
export class SearchModule implements OnModuleInit {
  static readonly entities: Function[] = [SearchDocumentEntity, SearchDownloadEntity, SearchWordEntity];

  constructor(
    private readonly jobs: JobRegistry,
    private readonly scheduler: Scheduler,
    private readonly job: RefillSearchJob,
  ) {}

  onModuleInit(): void {
    this.jobs.register(this.job);
    this.scheduler.schedule(this.job.name, RefillSearchJob.EVERY_MS, this.job);
  }
}
