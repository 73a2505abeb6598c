import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Job } from '../../platform/jobs/job.js';
import { JobRegistry } from '../../platform/jobs/job-registry.js';
import type { MirroredAddress } from '../../providers/mirrored-providers.service.js';
import { PURGE_MIRRORED_PROVIDER } from '../domain/purge-mirrored-provider.js';
import { MirrorRemoval } from '../configuration/mirror-removal.service.js';

/** Deletes one provider of a mirror that was deleted with everything it brought. */
@Injectable()
export class PurgeMirroredProviderJob extends Job<MirroredAddress> implements OnModuleInit {
  readonly name = PURGE_MIRRORED_PROVIDER;

  constructor(
    private readonly removal: MirrorRemoval,
    private readonly jobs: JobRegistry,
  ) {
    super();
  }

  onModuleInit(): void {
    this.jobs.register(this);
  }

  run(address: MirroredAddress): Promise<void> {
    return this.removal.purge(address);
  }
}
