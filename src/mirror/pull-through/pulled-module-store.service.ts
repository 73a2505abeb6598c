import { Injectable } from '@nestjs/common';
import type { ModuleAddress } from '../../kernel/terraform/module-address.js';
import type { Version } from '../../kernel/terraform/version.js';
import { InvalidModuleArchive, ModuleSpelledDifferently } from '../../modules/domain/modules.errors.js';
import { ModuleIngest } from '../../modules/module-ingest.service.js';
import { Metrics } from '../../platform/metrics/metrics.js';
import { MirroringNoLongerAllowed } from '../domain/mirror-decisions.errors.js';
import { MirrorGate } from '../domain/mirror-gate.js';
import type { Mirror } from '../domain/mirror.js';
import { ModuleUnusable } from '../domain/module-source.errors.js';
import type { OfferedModuleVersion } from '../domain/pulled-module.js';
import type { FetchedModule } from '../fetching/module-fetcher.service.js';
import { MirrorsRepository } from '../persistence/mirrors.repository.js';
import { PulledModuleVersionsRepository } from '../persistence/pulled-module-versions.repository.js';
import { gatedName } from './gated-name.js';
import { pullsModulesOf } from './pulls-modules.js';

/** One version that somebody asks for. */
export interface WantedModule {
  readonly mirror: Mirror;
  readonly address: ModuleAddress;
  readonly version: Version;
  readonly offered: OfferedModuleVersion;
}

/** Stores a module that was fetched because somebody asked for it, by the same path as what is published here. */
@Injectable()
export class PulledModuleStore {
  constructor(
    private readonly ingest: ModuleIngest,
    private readonly gates: MirrorGate,
    private readonly mirrors: MirrorsRepository,
    private readonly seen: PulledModuleVersionsRepository,
    private readonly metrics: Metrics,
  ) {}

  /** Whether a version is here, or was: then it is never fetched again. */
  isKnown({ address, version }: Pick<WantedModule, 'address' | 'version'>): Promise<boolean> {
    return this.ingest.isKnown(address, version);
  }

  /** Throws what `ModuleIngest.ingest` throws, {@link MirroringNoLongerAllowed}, {@link ModuleUnusable}. */
  async store(wanted: WantedModule, { path, sizeBytes: size, digest }: FetchedModule): Promise<void> {
    const { mirror, address, version } = wanted;
    const { createdBy: userId, name, upstreamHost: host } = mirror;
    const origin = { host, actor: { userId, name: `mirror ${name}` } };
    const upload = { path, size, digest };
    try {
      await this.ingest.ingest(origin, address, version, upload, () => this.confirm(wanted));
    } catch (error) {
      const isUnusable = error instanceof InvalidModuleArchive || error instanceof ModuleSpelledDifferently;
      if (!isUnusable) throw error;
      throw new ModuleUnusable(`${address.toString()} ${version.text}`, error.message, { cause: error });
    }
    this.metrics.countMirrored(mirror.id, 'module', 1, size);
  }

  /** First in the transaction that stores it: decisions and the mirror stay as they are until it ends. */
  private async confirm({ mirror, address, version, offered }: WantedModule): Promise<void> {
    const { text } = version;
    await this.gates.confirm(mirror, gatedName(address), { version: text, ...offered });
    const now = await this.mirrors.hold(mirror.id);
    if (now === null || !pullsModulesOf(now, address.namespace)) {
      const reason = 'its mirror does not fetch modules of this namespace any more';
      throw new MirroringNoLongerAllowed(`${address.toString()} ${text}`, reason);
    }
    const { namespace, name, system } = address;
    await this.seen.markPulled(mirror.id, { namespace, name, system, version: text });
  }
}
