import { Injectable } from '@nestjs/common';
import { timingSafeEqual } from 'node:crypto';
import { CacheInvalidation } from '../platform/cache/cache-invalidation.js';
import { type CachedValue, MemoryCache } from '../platform/cache/memory-cache.js';
import type { ApiKeyToken } from './domain/api-key-token.js';
import { KeyDigests } from './key-digests.service.js';
import type { KeyFacts } from './key-facts.js';
import { ApiKeysRepository } from './persistence/api-keys.repository.js';

const NO_DIGEST = Buffer.alloc(32);

/** Finds keys by their digest: one indexed statement, and none while the answer is fresh. */
@Injectable()
export class KeyLookup {
  /** A revocation, a role change or a removed membership takes effect within a second, in every process. */
  private readonly known = new MemoryCache<KeyFacts | undefined>({
    lifeMs: 1_000,
    maxEntries: 10_000,
    keeps: (facts) => facts !== undefined,
  });

  constructor(
    private readonly keys: ApiKeysRepository,
    private readonly digests: KeyDigests,
    changes: CacheInvalidation,
  ) {
    changes.onChange('identity', () => this.known.clear());
  }

  /** The key that was presented and when it was read; `undefined` for a key that nobody issued, or that was revoked. */
  async find(token: ApiKeyToken): Promise<CachedValue<KeyFacts | undefined>> {
    const digest = await this.digests.of(token.text);
    const { value: facts, readAtMs } = await this.known.get(digest.toString('base64'), () =>
      this.keys.findForAuthentication(digest),
    );
    // Compared also when nothing was found, so that both take the same time.
    const isSame = timingSafeEqual(facts?.digest ?? NO_DIGEST, digest);
    return { value: isSame ? facts : undefined, readAtMs };
  }

  /** The id of a key, also of one that is revoked. */
  async findId(token: ApiKeyToken): Promise<string | undefined> {
    return this.keys.findId(await this.digests.of(token.text));
  }
}
