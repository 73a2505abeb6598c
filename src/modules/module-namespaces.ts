import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { Visibility } from '../orgs/domain/organization.js';
import { type NamespaceHolder, NamespaceHolders } from '../orgs/namespace-holders.js';
import { Namespaces } from '../orgs/namespaces.service.js';
import { DocumentVisibility } from '../platform/documents/document-visibility.js';
import { ProtocolDocuments } from '../platform/documents/protocol-documents.service.js';
import { ModulesRepository } from './persistence/modules.repository.js';

const SCOPE = 'modules:read';

/** What happens to modules when their namespace or its owner changes (REST contract 30.2). */
@Injectable()
export class ModuleNamespaces implements NamespaceHolder, OnModuleInit {
  constructor(
    private readonly modules: ModulesRepository,
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
    return this.modules.isOwner(organizationId);
  }

  isUsed(folded: string): Promise<boolean> {
    return this.modules.isNamespaceUsed(folded);
  }

  move(folded: string, toOrganizationId: string): Promise<void> {
    return this.modules.moveNamespace(folded, toOrganizationId);
  }

  changeVisibility(namespaces: readonly string[], visibility: Visibility): Promise<void> {
    return this.documents.changeVisibility(namespaces, SCOPE, visibility);
  }
}
