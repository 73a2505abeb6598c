import { Injectable, type OnModuleInit } from '@nestjs/common';
import { foldNamespace } from '../kernel/terraform/namespace-name.js';
import type { Visibility } from '../orgs/domain/organization.js';
import { type NamespaceHolder, NamespaceHolders } from '../orgs/namespace-holders.js';
import { SearchDocumentsRepository } from './persistence/search-documents.repository.js';

/** What happens to the rows of searches when a namespace or its owner changes: nobody finds what has become private. */
@Injectable()
export class SearchNamespaces implements NamespaceHolder, OnModuleInit {
  constructor(
    private readonly documents: SearchDocumentsRepository,
    private readonly holders: NamespaceHolders,
  ) {}

  onModuleInit(): void {
    this.holders.register(this);
  }

  /** Rows of searches belong to modules and providers, which say it themselves. */
  ownsAnything(): Promise<boolean> {
    return Promise.resolve(false);
  }

  move(folded: string, toOrganizationId: string): Promise<void> {
    return this.documents.moveNamespace(folded, toOrganizationId);
  }

  changeVisibility(namespaces: readonly string[], visibility: Visibility): Promise<void> {
    return this.documents.changeVisibility(namespaces.map(foldNamespace), visibility ?? 'default');
  }
}
