import { Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { CacheInvalidation } from '../../platform/cache/cache-invalidation.js';
import { FastPath } from '../../platform/documents/fast-path.js';
import { Mirrors } from '../configuration/mirrors.service.js';

const HOST_IN_PATH = /^\/terraform\/providers\/([^/]+)\//;

/**
 * The upstreams of mirrors with pull-through. What is prepared for them says only what is here, so every process leaves
 * these documents to the router, which knows the rest.
 */
@Injectable()
export class PulledHosts implements OnApplicationBootstrap {
  private readonly logger = new Logger('Mirror');
  private hosts: ReadonlySet<string> = new Set();

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

  private isPulled(path: string): boolean {
    if (this.hosts.size === 0) return false;
    const host = HOST_IN_PATH.exec(path)?.[1];
    return host !== undefined && this.hosts.has(host.toLowerCase().replace('%3a', ':'));
  }

  private async load(): Promise<void> {
    const mirrors = await this.mirrors.list(undefined, { onlyEnabled: true });
    this.hosts = new Set(
      mirrors.filter(({ isPullThrough }) => isPullThrough).map(({ upstreamHost }) => upstreamHost),
    );
  }
}
