import { Injectable } from '@nestjs/common';
import { DamagedArtifacts } from './damaged-artifacts.service.js';
import { QuarantinedArtifacts } from './quarantined-artifacts.service.js';

/** For which objects no URL is made that this server could not refuse: damaged and quarantined ones. */
@Injectable()
export class WithheldArtifacts {
  constructor(
    private readonly damaged: DamagedArtifacts,
    private readonly quarantined: QuarantinedArtifacts,
  ) {}

  /** Whether nobody may be sent to the object of this path in this storage, or in any when none is named. */
  async has(keyPath: string, storage?: string): Promise<boolean> {
    if (await this.quarantined.has(keyPath)) return true;
    return storage !== undefined && this.damaged.has(storage, keyPath);
  }
}
