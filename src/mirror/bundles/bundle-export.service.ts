import { Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import { AuditLog } from '../../audit/audit-log.service.js';
import { Transactions } from '../../platform/database/transactions.js';
import { ArtifactKey } from '../../storage/artifact-key.js';
import { ArtifactStore } from '../../storage/artifact-store.service.js';
import { BundleContentsRepository } from '../persistence/bundle-contents.repository.js';
import { BundleComposer, type ComposedBundle } from './bundle-composer.service.js';
import { inventoryTree, type InventoryTree } from './bundle-inventory.js';
import { parseSelection, type SelectionInput } from './bundle-selection.js';
import { writeBundle } from './write-bundle.js';

/** A bundle on its way out. */
export interface ExportedBundle extends Omit<ComposedBundle, 'head'> {
  /** Fails when something cannot be read; what came until then is no bundle. */
  readonly content: Readable;
}

/** Carries mirrored providers to a registry without a network between: signed, whole, in constant memory. */
@Injectable()
export class BundleExport {
  constructor(
    private readonly composer: BundleComposer,
    private readonly contents: BundleContentsRepository,
    private readonly artifacts: ArtifactStore,
    private readonly transactions: Transactions,
    private readonly audit: AuditLog,
  ) {}

  /** Throws what `parseSelection` throws, and `BundleTooLarge`. Not inside a transaction. */
  async export(input: SelectionInput): Promise<ExportedBundle> {
    const { head, releases, ...facts } = await this.composer.compose(parseSelection(input));
    await this.transactions.run(() =>
      this.audit.record({
        resource: 'mirror',
        resourceId: null,
        organizationId: null,
        metadata: {
          versions: releases.length,
          packages: releases.reduce((sum, { packages }) => sum + packages.length, 0),
          size_bytes: facts.sizeBytes,
          signer: facts.signerFingerprint,
        },
      }),
    );
    const pieces = writeBundle(head, releases, async ({ digest, filename }) => {
      const { stream } = await this.artifacts.open(ArtifactKey.providerPackage(digest, filename));
      return stream as AsyncIterable<Buffer>;
    });
    return { ...facts, releases, content: Readable.from(pieces, { objectMode: false }) };
  }

  /** What is here, for the other side to send only the rest. */
  async inventory(): Promise<InventoryTree> {
    return inventoryTree(await this.contents.inventory());
  }
}
