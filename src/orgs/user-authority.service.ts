import { Injectable } from '@nestjs/common';
import { type Authority, authorityOf } from '../access/authority.js';
import { AuthConfig } from '../config/auth.config.js';
import { CacheInvalidation } from '../platform/cache/cache-invalidation.js';
import { type CachedValue, MemoryCache } from '../platform/cache/memory-cache.js';
import type { UserFacts } from './domain/user-facts.js';
import { UserAuthorityRepository } from './persistence/user-authority.repository.js';

/** A user who may act now, and what they may do. */
export interface AuthorizedUser {
  readonly userId: string;
  readonly name: string;
  readonly email: string;
  readonly authority: Authority;
}

/** What a user may do, looked up for every request and never frozen in a credential (REST contract 2.2, rule 4). */
@Injectable()
export class UserAuthority {
  /** A changed role, a removed membership or a disabled account takes effect within a second everywhere. */
  private readonly known = new MemoryCache<UserFacts | undefined>({ lifeMs: 1_000, maxEntries: 10_000 });

  constructor(
    private readonly users: UserAuthorityRepository,
    private readonly config: AuthConfig,
    changes: CacheInvalidation,
  ) {
    changes.onChange('identity', () => this.known.clear());
  }

  /** The user with the rights of now and when they were read; `undefined` when absent or disabled. */
  async of(userId: string): Promise<CachedValue<AuthorizedUser | undefined>> {
    const { value: facts, readAtMs } = await this.known.get(userId, () => this.users.find(userId));
    if (facts === undefined || !facts.isActive) return { value: undefined, readAtMs };
    const { name, email, roles } = facts;
    const authority = authorityOf(roles, this.config.multiTenancyEnabled);
    return { value: { userId, name, email, authority }, readAtMs };
  }
}
