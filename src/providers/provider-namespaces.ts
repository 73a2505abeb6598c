import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { Visibility } from '../orgs/domain/organization.js';
import { type NamespaceHolder, NamespaceHolders } from '../orgs/namespace-holders.js';
import { Namespaces } from '../orgs/namespaces.service.js';
import { DocumentVisibility } from '../platform/documents/document-visibility.js';
import { ProtocolDocuments } from '../platform/documents/protocol-documents.service.js';
import { ProvidersRepository } from './persistence/providers.repository.js';

const SCOPE = 'providers:read';

/** What happens to providers when their namespace or its owner changes (REST contract 30.2). */
@Injectable()
export class ProviderNamespaces implements NamespaceHolder, OnModuleInit {
  constructor(
    private readonly providers: ProvidersRepository,
    private readonly documents: ProtocolDocuments,
    private readonly visibility: DocumentVisibility,
    private readonly namespaces: Namespaces,
    private readonly holders: NamespaceHolders,
  ) {}

  onModuleInit(): void {
    this.holders.register(this);
    this.visibility.decideWith(SCOPE, (namespace) => this.namespaces.holdVisibility(namespace));
  }

  ownsAnything(organizationId: string): Promise<boolean> {
    return this.providers.isOwner(organizationId);
  }

  isUsed(folded: string): Promise<boolean> {
    return this.providers.isNamespaceUsed(folded);
  }

  move(folded: string, toOrganizationId: string): Promise<void> {
    return this.providers.moveNamespace(folded, toOrganizationId);
  }

  changeVisibility(namespaces: readonly string[], visibility: Visibility): Promise<void> {
    return this.documents.changeVisibility(namespaces, SCOPE, visibility);
  }
}
