import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { ModuleAddress } from '../../kernel/terraform/module-address.js';
import type { Version } from '../../kernel/terraform/version.js';
import type { ModuleSupply } from '../../modules/domain/module-supply.js';
import { ModuleSupplies } from '../../modules/module-supplies.js';
import type { Mirror } from '../domain/mirror.js';
import type { OfferedModuleVersion } from '../domain/pulled-module.js';
import type { FailedQuestion } from '../domain/pulled-offer.js';
import { PullRefused, UpstreamQuestionPending, UpstreamUnavailable } from '../domain/pull-through.errors.js';
import { ModuleOffers } from './module-offers.service.js';
import { PullLinks } from './pull-links.service.js';
import { ModulePulls } from './module-pulls.service.js';
import { PulledModuleMirrors } from './pulled-module-mirrors.service.js';

/**
 * Modules that mirrors fetch when somebody asks for them. What is thrown of the upstream: `UpstreamUnavailable`,
 * `PullRefused`, `UpstreamQuestionPending`.
 */
@Injectable()
export class PulledModules implements ModuleSupply, OnModuleInit {
  constructor(
    private readonly mirrors: PulledModuleMirrors,
    private readonly modules: ModuleOffers,
    private readonly pulls: ModulePulls,
    private readonly links: PullLinks,
    private readonly supplies: ModuleSupplies,
  ) {}

  onModuleInit(): void {
    this.supplies.register(this);
  }

  isOf(namespace: string): boolean {
    return this.mirrors.isPulled(namespace);
  }

  async versions(address: ModuleAddress, held: readonly string[]): Promise<readonly string[]> {
    const mirror = await this.mirrors.of(address.namespace);
    if (mirror === undefined) return [];
    const known = new Set(held);
    const offered = await this.offered(mirror, address, held.length === 0);
    return [...offered.keys()].filter((version) => !known.has(version));
  }

  async offers(address: ModuleAddress, version: Version): Promise<boolean> {
    const mirror = await this.mirrors.of(address.namespace);
    if (mirror === undefined) return false;
    const offered = await this.offered(mirror, address, true);
    if (!offered.has(version.text)) return false;
    // Clients show what is wrong with the address here, but not when they fetch the archive.
    const verdict = await this.modules.fetchable(mirror, address, version);
    if (verdict.kind === 'failed') fail(verdict);
    return verdict.kind === 'good';
  }

  link(address: ModuleAddress, version: Version): string {
    return this.links.moduleUrl(address, version);
  }

  /** Brings a version here unless it is, or was; `false`: it is not offered. Returns when it is stored. */
  async bring(address: ModuleAddress, version: Version): Promise<boolean> {
    if (await this.modules.isKnown(address, version)) return true;
    const mirror = await this.mirrors.of(address.namespace);
    if (mirror === undefined) return false;
    const offered = (await this.offered(mirror, address, true)).get(version.text);
    if (offered === undefined) return false;
    const verdict = await this.pulls.pull({ mirror, address, version, offered });
    if (verdict.kind === 'failed') fail(verdict);
    return verdict.kind === 'good';
  }

  private async offered(
    mirror: Mirror,
    address: ModuleAddress,
    isNeeded: boolean,
  ): Promise<ReadonlyMap<string, OfferedModuleVersion>> {
    try {
      const offer = await this.modules.of(mirror, address);
      if (offer.kind === 'offered') return offer.versions;
      if (offer.kind === 'failed' && isNeeded) fail(offer);
    } catch (error) {
      // A slow upstream must not keep clients from what is here.
      if (isNeeded || !(error instanceof UpstreamQuestionPending)) throw error;
    }
    return new Map();
  }
}

function fail({ isTransient, message }: FailedQuestion): never {
  throw isTransient ? new UpstreamUnavailable(message) : new PullRefused(message);
}
