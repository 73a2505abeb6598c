import { Injectable } from '@nestjs/common';
import { CacheInvalidation } from '../../platform/cache/cache-invalidation.js';
import { MemoryCache } from '../../platform/cache/memory-cache.js';
import { Mirrors } from '../configuration/mirrors.service.js';
import type { Mirror } from '../domain/mirror.js';
import { PulledHosts } from './pulled-hosts.service.js';
import { pullsModulesOf } from './pulls-modules.js';

/** The mirror that fetches modules of a namespace. */
@Injectable()
export class PulledModuleMirrors {
  /** A change of a mirror is seen within a second. */
  private readonly pulled = new MemoryCache<Mirror | undefined>({ lifeMs: 1_000, maxEntries: 1_000 });

  constructor(
    private readonly mirrors: Mirrors,
    private readonly hosts: PulledHosts,
    changes: CacheInvalidation,
  ) {
    changes.onChange('settings', () => this.pulled.clear());
  }

  /** Whether there is one; answered from memory. */
  isPulled(namespace: string): boolean {
    return this.hosts.pullsModulesOf(namespace);
  }

  /** The oldest one, for the exact spelling of the upstream only. */
  async of(namespace: string): Promise<Mirror | undefined> {
    const { value } = await this.pulled.get(namespace, () => this.find(namespace));
    return value;
  }

  private async find(namespace: string): Promise<Mirror | undefined> {
    const mirrors = await this.mirrors.list(undefined, { onlyEnabled: true });
    return mirrors
      .filter((one) => pullsModulesOf(one, namespace) && one.moduleNamespaces.includes(namespace))
      .sort((one, other) => one.createdAt.getTime() - other.createdAt.getTime())[0];
  }
}
