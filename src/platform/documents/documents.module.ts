import { Global, Module, type OnModuleInit } from '@nestjs/common';
import { CacheInvalidation } from '../cache/cache-invalidation.js';
import { DocumentCache } from './document-cache.js';
import { DocumentDownloads } from './document-downloads.js';
import { DocumentReplies } from './document-replies.js';
import { DocumentVisibility } from './document-visibility.js';
import { FastPath } from './fast-path.js';
import { GenerationListener } from './generation-listener.js';
import { LinkRenderer } from './link-renderer.js';
import { OwnHostPaths } from './own-host-paths.js';
import { DocumentGenerationEntity } from './persistence/document-generation.entity.js';
import { ProtocolDocumentEntity } from './persistence/protocol-document.entity.js';
import { ProtocolDocumentsRepository } from './persistence/protocol-documents.repository.js';
import { ProtocolDocuments } from './protocol-documents.service.js';
import { ReadDecisions } from './read-decisions.js';

/**
 * Lean protocol documents: stored when something is published, held as bytes, answered ahead of the router,
 * kept current between processes. Has no routes of its own; tables `protocol_documents` and
 * `document_generations`. Needs a `LinkSource`, which storage provides globally; authentication fills
 * `ReadDecisions`, usage takes what `DocumentDownloads` reports, storage answers files through `FastPath.setFiles`.
 */
@Global()
@Module({
  providers: [
    { provide: DocumentCache, useFactory: () => new DocumentCache() },
    DocumentDownloads,
    DocumentReplies,
    DocumentVisibility,
    FastPath,
    GenerationListener,
    LinkRenderer,
    OwnHostPaths,
    ProtocolDocuments,
    ProtocolDocumentsRepository,
    ReadDecisions,
  ],
  exports: [
    DocumentDownloads,
    DocumentReplies,
    DocumentVisibility,
    FastPath,
    OwnHostPaths,
    ProtocolDocuments,
    ReadDecisions,
  ],
})
export class DocumentsModule implements OnModuleInit {
  static readonly entities: Function[] = [DocumentGenerationEntity, ProtocolDocumentEntity];

  constructor(
    private readonly changes: CacheInvalidation,
    private readonly decisions: ReadDecisions,
  ) {}

  onModuleInit(): void {
    for (const topic of ['identity', 'namespaces'] as const) {
      this.changes.onChange(topic, () => this.decisions.clear());
    }
  }
}
