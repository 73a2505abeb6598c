import { Injectable } from '@nestjs/common';
import { ProviderAddress } from '../kernel/terraform/provider-address.js';
import { Namespaces } from '../orgs/namespaces.service.js';
import { Transactions } from '../platform/database/transactions.js';
import { ProtocolDocuments } from '../platform/documents/protocol-documents.service.js';
import type { RegistryProvider } from './domain/registry-provider.js';
import { ProvidersRepository } from './persistence/providers.repository.js';
import { ProviderDocuments } from './provider-documents.js';
import { mirrorIndexPath } from './provider-mirror-documents.js';

const BATCH = 200;

/**
 * Prepares the documents of the network mirror for providers that were published before there were any. Every other
 * change of a provider keeps them current.
 */
@Injectable()
export class ProviderMirrorPreparation {
  constructor(
    private readonly providers: ProvidersRepository,
    private readonly namespaces: Namespaces,
    private readonly documents: ProtocolDocuments,
    private readonly preparation: ProviderDocuments,
    private readonly transactions: Transactions,
  ) {}

  /** Prepares what is missing, one provider at a time; stops between two when `signal` is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    let after: string | undefined;
    for (;;) {
      const batch = await this.providers.listAfter(after, BATCH);
      if (batch.length === 0) return;
      after = batch.at(-1)!.id;
      const byPath = new Map(
        batch.map((provider) => [mirrorIndexPath(ProviderAddress.parse(provider)), provider]),
      );
      for (const path of await this.documents.missing([...byPath.keys()])) {
        signal.throwIfAborted();
        await this.prepare(byPath.get(path)!);
      }
    }
  }

  private async prepare(provider: RegistryProvider): Promise<void> {
    const claim = await this.namespaces.find(provider.namespace);
    if (claim === undefined) return;
    const readers = { namespace: claim.name, visibility: claim.visibility, scope: 'providers:read' as const };
    const address = ProviderAddress.parse(provider);
    await this.transactions.run(async () => {
      await this.providers.lock(provider.id);
      const isThere = (await this.providers.findByAddress(address)) !== null;
      if (isThere) await this.preparation.prepareMirror(provider.id, address, readers);
    });
  }
}
