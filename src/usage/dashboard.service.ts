import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { IdentifiedPrincipal } from '../access/principal.js';
import { OrgAccess } from '../orgs/org-access.service.js';
import { Organizations } from '../orgs/organizations.service.js';
import { UsersDirectory } from '../orgs/users-directory.service.js';
import { MemoryCache } from '../platform/cache/memory-cache.js';
import { type CountedOrganizations, type DashboardBlock, DashboardBlocks } from './dashboard-blocks.js';
import { combine, type DashboardFacts } from './domain/dashboard.js';

/** How old the answer may be (REST contract 27). */
const LIFE_MS = 30_000;
const MAX_ENTRIES = 1_000;

/**
 * The numbers of the dashboard. Whoever sees the same organizations shares one reading of a block; rights are looked
 * up every time.
 */
@Injectable()
export class Dashboard implements OnModuleInit {
  private readonly readings = new MemoryCache<Partial<DashboardFacts>>({
    lifeMs: LIFE_MS,
    maxEntries: MAX_ENTRIES,
  });

  constructor(
    private readonly blocks: DashboardBlocks,
    private readonly access: OrgAccess,
    private readonly organizations: Organizations,
    private readonly users: UsersDirectory,
  ) {}

  onModuleInit(): void {
    this.blocks.register({
      name: 'organizations',
      load: async (ids) => ({ organizations: await this.organizations.count(ids) }),
    });
    this.blocks.register({
      name: 'users',
      load: async (ids) => ({ users: await this.users.countIn(ids) }),
    });
  }

  /** The numbers of what `principal` may see, at most half a minute old. */
  async facts(principal: IdentifiedPrincipal): Promise<DashboardFacts> {
    const parts = this.blocks.all().map((block) => this.part(principal, block));
    return combine(await Promise.all(parts));
  }

  private async part(
    principal: IdentifiedPrincipal,
    block: DashboardBlock,
  ): Promise<Partial<DashboardFacts>> {
    const { scope } = block;
    const visible =
      scope === undefined
        ? this.access.organizationsOf(principal)
        : this.access.visibleOrganizations(principal, scope);
    if (visible !== 'all' && visible.length === 0) return {};
    const { value } = await this.readings.get(keyOf(block, visible), () => block.load(visible));
    return value;
  }
}

function keyOf({ name }: DashboardBlock, visible: CountedOrganizations): string {
  return `${name} ${visible === 'all' ? visible : visible.toSorted().join(' ')}`;
}
