import { Injectable } from '@nestjs/common';
import type { PublishedFrom } from '../access/principal.js';
import type { Scope } from '../access/scope.js';
import { AuditLog } from '../audit/audit-log.service.js';
import { CacheInvalidation } from '../platform/cache/cache-invalidation.js';
import { Transactions } from '../platform/database/transactions.js';
import type { IssuedApiKey } from './domain/api-key.js';
import { ApiKeyNotFound } from './domain/auth.errors.js';
import { KeyDigests } from './key-digests.service.js';
import {
  ApiKeyAdministrationRepository,
  type KeyChange,
  type KeyState,
} from './persistence/api-key-administration.repository.js';
import { ApiKeysRepository } from './persistence/api-keys.repository.js';

/** A key to be stored. */
export interface KeyRecord {
  readonly organizationId: string;
  readonly userId: string | null;
  readonly name: string;
  readonly description: string;
  readonly scopes: readonly Scope[];
  readonly expiresAt: Date | null;
  /** Set for tokens exchanged for the identity of a pipeline. */
  readonly exchanged?: {
    readonly publisherId: string;
    readonly namespaces: readonly string[];
    readonly publishedFrom: PublishedFrom;
  };
}

/** Hears of a key that was revoked, in the transaction that revokes it. */
export type RevocationListener = (key: KeyState) => Promise<void>;

/**
 * Every change of a stored key: in one transaction, with its record in the audit log, told to every process. Who
 * may do it was decided before.
 */
@Injectable()
export class ApiKeyRecords {
  private readonly revocationListeners: RevocationListener[] = [];

  constructor(
    private readonly keys: ApiKeysRepository,
    private readonly administration: ApiKeyAdministrationRepository,
    private readonly digests: KeyDigests,
    private readonly transactions: Transactions,
    private readonly audit: AuditLog,
    private readonly changes: CacheInvalidation,
  ) {}

  /** Calls `listener` for every key that is revoked from now on. */
  onRevocation(listener: RevocationListener): void {
    this.revocationListeners.push(listener);
  }

  /** Makes and stores a key. `metadata` is for the audit log. */
  async add(record: KeyRecord, metadata: Readonly<Record<string, unknown>> = {}): Promise<IssuedApiKey> {
    const { exchanged, scopes, ...facts } = record;
    const { token, digest } = await this.digests.generate();
    return this.transactions.run(async () => {
      const stored = await this.keys.add({
        ...facts,
        scopes: [...scopes],
        keyPrefix: token.shownPrefix,
        keyDigest: digest,
        trustedPublisherId: exchanged?.publisherId ?? null,
        namespaces: exchanged === undefined ? null : [...exchanged.namespaces],
        publishedFrom: exchanged?.publishedFrom ?? null,
      });
      const issued = { ...facts, scopes, ...stored, key: token.text, keyPrefix: token.shownPrefix };
      await this.record(issued, { after: audited(issued), metadata: { ...metadata, ...exchanged } });
      return issued;
    });
  }

  /**
   * Changes the key that `decide` allows to change; what it answers is written. `decide` runs in the transaction,
   * with the key locked. Gives the key as it was. Throws {@link ApiKeyNotFound}, also for what is revoked.
   */
  async change(
    id: string,
    decide: (key: KeyState) => Promise<KeyChange>,
    metadata: Readonly<Record<string, unknown>> = {},
  ): Promise<KeyState> {
    return this.transactions.run(async () => {
      const key = await this.administration.lock(id);
      if (key === undefined || key.revokedAt !== null) throw new ApiKeyNotFound();
      const change = await decide(key);
      if (Object.keys(change).length === 0) {
        this.audit.nothingChanged();
        return key;
      }
      await this.administration.change(id, change);
      await this.record(key, { before: audited(key), after: audited({ ...key, ...change }), metadata });
      this.changes.announce('identity');
      if (change.revokedAt instanceof Date) await this.tellRevoked(key);
      return key;
    });
  }

  /** Ends a key for good; one that is revoked already stays as it is. Throws {@link ApiKeyNotFound}. */
  async revoke(id: string): Promise<void> {
    await this.transactions.run(async () => {
      const key = await this.administration.lock(id);
      if (key === undefined) throw new ApiKeyNotFound();
      if (key.revokedAt === null) await this.change(id, async () => ({ revokedAt: new Date() }));
    });
  }

  private async tellRevoked(key: KeyState): Promise<void> {
    for (const tell of this.revocationListeners) await tell(key);
  }

  private record(
    key: { readonly id: string; readonly organizationId: string; readonly keyPrefix: string },
    facts: {
      before?: Readonly<Record<string, unknown>>;
      after: Readonly<Record<string, unknown>>;
      metadata: Readonly<Record<string, unknown>>;
    },
  ): Promise<void> {
    return this.audit.record({
      resource: 'api_key',
      resourceId: key.id,
      organizationId: key.organizationId,
      ...facts,
      metadata: { key_prefix: key.keyPrefix, ...facts.metadata },
    });
  }
}

interface AuditedKey {
  readonly name: string;
  readonly description: string;
  readonly scopes: readonly Scope[];
  readonly userId: string | null;
  readonly expiresAt: Date | null;
  readonly revokedAt?: Date | null;
}

/** What the audit log shows of a key. */
function audited(key: AuditedKey): Readonly<Record<string, unknown>> {
  return {
    name: key.name,
    description: key.description,
    scopes: key.scopes,
    user_id: key.userId,
    expires_at: key.expiresAt?.toISOString() ?? null,
    revoked_at: key.revokedAt?.toISOString() ?? null,
  };
}
