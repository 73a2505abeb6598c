import { Injectable } from '@nestjs/common';
import { isUuid } from '../kernel/uuid.js';
import { CacheInvalidation } from '../platform/cache/cache-invalidation.js';
import { type CachedValue, MemoryCache } from '../platform/cache/memory-cache.js';
import type { Session } from './domain/session.js';
import { SessionSecret } from './domain/session-secret.js';
import { SessionsRepository } from './persistence/sessions.repository.js';
import { SessionUsage } from './session-usage.service.js';

const NOT_READ: CachedValue<undefined> = { value: undefined, readAtMs: 0 };

/** Finds the session of a request; what is found counts as used. */
@Injectable()
export class SessionLookup {
  /** A session that ended is refused within a second, in every process (threat B8). */
  private readonly known = new MemoryCache<Session | undefined>({
    lifeMs: 1_000,
    maxEntries: 10_000,
    keeps: (session) => session !== undefined,
  });

  constructor(
    private readonly sessions: SessionsRepository,
    private readonly usage: SessionUsage,
    changes: CacheInvalidation,
  ) {
    changes.onChange('identity', () => this.known.clear());
  }

  /** The live session with this secret; what cannot be a secret is refused without asking the database. */
  async bySecret(secret: SessionSecret): Promise<Session | undefined> {
    const { digest } = secret;
    const key = digest.toString('base64');
    const { value } = await this.known.get(key, () => this.sessions.findBySecret(digest));
    return this.used(value);
  }

  /** The live session with this id, and when it was read. */
  async byId(id: string): Promise<CachedValue<Session | undefined>> {
    if (!isUuid(id)) return NOT_READ;
    const found = await this.known.get(id, () => this.sessions.findById(id));
    this.used(found.value);
    return found;
  }

  private used(session: Session | undefined): Session | undefined {
    if (session?.isUseDue === true) this.usage.mark(session.id);
    return session;
  }
}
