import { Injectable } from '@nestjs/common';
import { isQuarantined } from '../kernel/terraform/version-standing.js';
import { ArtifactKey } from '../storage/artifact-key.js';
import { QuarantinedArtifacts } from '../storage/quarantined-artifacts.service.js';
import type { ModuleVersionSummary } from './domain/module-version.js';
import { ModulesRepository } from './persistence/modules.repository.js';

/** Which archives nobody is given: those of quarantined versions, unless a version that is served has the same. */
@Injectable()
export class ModuleQuarantine {
  constructor(
    private readonly artifacts: QuarantinedArtifacts,
    private readonly modules: ModulesRepository,
  ) {}

  /** Decides about the archives of versions that were changed, in the transaction of the change. */
  async settle(changed: readonly Pick<ModuleVersionSummary, 'digest'>[]): Promise<void> {
    const digests = [...new Set(changed.map(({ digest }) => digest))];
    await this.artifacts.settle(digests, async () =>
      (await this.modules.withDigests(digests)).map((version) => ({
        key: ArtifactKey.named(version.digest, version.filename).path,
        isQuarantined: isQuarantined(version),
        isServed: version.state === 'active' || version.state === 'withdrawn',
      })),
    );
  }
}
