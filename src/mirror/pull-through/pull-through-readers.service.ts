import { Injectable } from '@nestjs/common';
import { MirroredClaims } from '../../orgs/mirrored-claims.service.js';
import { Organizations } from '../../orgs/organizations.service.js';
import { CacheInvalidation } from '../../platform/cache/cache-invalidation.js';
import { PullThroughElsewhere } from '../domain/pull-through.errors.js';
import { MirrorsRepository } from '../persistence/mirrors.repository.js';

/**
 * Who may ask for what is not here yet: the readers of the organization whose mirrors pull it through, or everybody who
 * may read anything here. To all others it looks like everything that does not exist.
 */
@Injectable()
export class PullThroughReaders {
  constructor(
    private readonly mirrors: MirrorsRepository,
    private readonly organizations: Organizations,
    private readonly claims: MirroredClaims,
    private readonly changes: CacheInvalidation,
  ) {}

  /**
   * Makes this true again for an upstream of which a mirror was added, changed or deleted; in the transaction of that.
   *
   * @throws PullThroughElsewhere mirrors of several organizations would pull from it
   */
  async settle(host: string): Promise<void> {
    const enabled = await this.mirrors.list({ organizations: 'all', isOfNone: true }, true);
    const pulling = enabled
      .filter(({ isPullThrough, upstreamHost }) => isPullThrough && upstreamHost === host)
      .sort((one, other) => one.createdAt.getTime() - other.createdAt.getTime());
    const [oldest] = pulling;
    if (pulling.some(({ organizationId }) => organizationId !== oldest?.organizationId)) {
      throw new PullThroughElsewhere(host);
    }
    await this.claims.putReadersOfHost(host, oldest === undefined ? null : await this.ownerOf(oldest));
    this.changes.announce('settings');
  }

  /** For whom a mirror pulls: without an organization the default one, whose things everybody may read then. */
  async ownerOf(mirror: {
    readonly organizationId: string | null;
    readonly createdAt: Date;
  }): Promise<{ organizationId: string; isShared: boolean; since: Date }> {
    const { createdAt: since, organizationId } = mirror;
    if (organizationId !== null) return { organizationId, isShared: false, since };
    return { organizationId: (await this.organizations.getDefault()).id, isShared: true, since };
  }
}
