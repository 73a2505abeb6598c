import { Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { CacheInvalidation } from '../../platform/cache/cache-invalidation.js';
import { FastPath } from '../../platform/documents/fast-path.js';
import { Mirrors } from '../configuration/mirrors.service.js';

const HOST_IN_PATH = /^\/terraform\/providers\/([^/]+)\//;
const NAMESPACE_IN_PATH = /^\/v1\/modules\/([^/]+)\/[^/]+\/[^/]+\/versions$/;

/**
 * The upstreams of mirrors with pull-through, and the namespaces into which they fetch modules. What is prepared for them
 * says only what is here, so every process leaves these documents to the router, which knows the rest.
 */
@Injectable()
export class PulledHosts implements OnApplicationBootstrap {
  private readonly logger = new Logger('Mirror');
  private hosts: ReadonlySet<string> = new Set();
  private namespaces: ReadonlySet<string> = new Set();
  private begun = 0;
  private applied = 0;

  constructor(
    private readonly mirrors: Mirrors,
    private readonly fastPath: FastPath,
    private readonly changes: CacheInvalidation,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    this.changes.onChange('settings', () => {
      this.load().catch((error: unknown) => {
        this.logger.warn({ message: 'The mirrors with pull-through could not be read', err: error });
      });
    });
    this.fastPath.setMore((path) => this.isPulled(path));
    await this.load();
  }

  /** Whether modules of this namespace are fetched on demand, by the newest change that this process heard of. */
  pullsModulesOf(namespace: string): boolean {
    return this.namespaces.has(namespace);
  }

  /** Reads the mirrors anew. */
  async load(): Promise<void> {
    this.begun += 1;
    const load = this.begun;
    const mirrors = await this.mirrors.list(undefined, { onlyEnabled: true });
    // What was read before a change must not take the place of what was read after it.
    if (load < this.applied) return;
    this.applied = load;
    const pulling = mirrors.filter(({ isPullThrough }) => isPullThrough);
    this.hosts = new Set(pulling.map(({ upstreamHost }) => upstreamHost));
    this.namespaces = new Set(pulling.flatMap(({ moduleNamespaces }) => moduleNamespaces));
  }

  private isPulled(path: string): boolean {
    if (this.namespaces.size > 0) {
      const namespace = NAMESPACE_IN_PATH.exec(path)?.[1];
      if (namespace !== undefined) return this.namespaces.has(namespace);
    }
    if (this.hosts.size === 0) return false;
    const host = HOST_IN_PATH.exec(path)?.[1];
    return host !== undefined && this.hosts.has(host.toLowerCase().replace('%3a', ':'));
  }
}
