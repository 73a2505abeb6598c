import { Injectable } from '@nestjs/common';
import { ProviderAddress } from '../kernel/terraform/provider-address.js';
import { JobQueue } from '../platform/jobs/job-queue.js';
import type { PublishGrant } from '../orgs/domain/publish-grant.js';
import type { RegistryProvider } from './domain/registry-provider.js';
import { MirroredChange } from './mirrored-change.service.js';
import type { MirroredAddress } from './mirrored-providers.service.js';
import { postponedListKey, ProviderDocuments } from './provider-documents.js';

/**
 * Lists of mirrored providers that do not show yet what was brought last. A list names every version, so it is not made
 * again for each of thousands: a job waits in the queue, committed with the first version that a list lacks.
 */
@Injectable()
export class PostponedLists {
  constructor(
    private readonly changes: MirroredChange,
    private readonly documents: ProviderDocuments,
    private readonly queue: JobQueue,
  ) {}

  /** Makes the lists of a provider now when they wait for it. In a transaction of its own. */
  async settle(address: MirroredAddress): Promise<void> {
    const at = read(address);
    await this.changes.run(at, async (grant, provider) => {
      if (await this.queue.withdraw(postponedListKey(at))) await this.rebuild(at, grant, provider);
    });
  }

  /** Makes the lists of a provider; an unknown or deleted one has none. In a transaction of its own. */
  async make(address: MirroredAddress): Promise<void> {
    const at = read(address);
    await this.changes.run(at, (grant, provider) => this.rebuild(at, grant, provider));
  }

  private rebuild(at: ProviderAddress, grant: PublishGrant, { id }: RegistryProvider): Promise<void> {
    return this.documents.rebuildLists(id, at, grant);
  }
}

function read(address: MirroredAddress): ProviderAddress {
  return ProviderAddress.parse(address).from(address.host);
}
