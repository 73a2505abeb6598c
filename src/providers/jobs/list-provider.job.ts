import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Job } from '../../platform/jobs/job.js';
import { JobRegistry } from '../../platform/jobs/job-registry.js';
import type { MirroredAddress } from '../mirrored-providers.service.js';
import { PostponedLists } from '../postponed-lists.service.js';
import { LIST_PROVIDER_JOB } from '../provider-documents.js';

/** Makes the lists of one mirrored provider that were postponed. */
@Injectable()
export class ListProviderJob extends Job<MirroredAddress> implements OnModuleInit {
  readonly name = LIST_PROVIDER_JOB;

  constructor(
    private readonly lists: PostponedLists,
    private readonly registry: JobRegistry,
  ) {
    super();
  }

  onModuleInit(): void {
    this.registry.register(this);
  }

  async run(address: MirroredAddress): Promise<void> {
    await this.lists.make(address);
  }
}
