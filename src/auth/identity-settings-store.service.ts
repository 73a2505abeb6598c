import { Injectable } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { AuditLog } from '../audit/audit-log.service.js';
import { CacheInvalidation } from '../platform/cache/cache-invalidation.js';
import { MemoryCache } from '../platform/cache/memory-cache.js';
import type { SealedColumn } from '../platform/crypto/sealed-columns.service.js';
import { SecretBox } from '../platform/crypto/secret-box.js';
import { Transactions } from '../platform/database/transactions.js';
import type { GroupSettings, ProviderClient, ProviderType } from './domain/sign-in-provider.js';
import { IdentitySettingsRepository } from './persistence/identity-settings.repository.js';

/** The client secrets, each sealed for its row. */
export const CLIENT_SECRETS: SealedColumn = {
  table: 'identity_settings',
  id: 'id',
  column: 'client_secret',
  aadOf: (id) => `identity_settings/client_secret/${id}`,
};

/** A configuration to be stored; the secret is sealed on the way. */
export interface NewIdentity {
  readonly name: string;
  readonly providerType: ProviderType;
  readonly issuerUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly redirectUrl: string;
  readonly scopes: readonly string[];
  readonly extraConfig: Record<string, unknown> | null;
  /** The user who did it; `null` during setup. */
  readonly createdBy: string | null;
}

/** A configuration as it is stored. */
export interface KeptIdentity extends NewIdentity {
  readonly id: string;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** A group mapping that was set at run time. */
export interface KeptGroups extends GroupSettings {
  readonly updatedBy: string | null;
  readonly updatedAt: Date;
}

/**
 * Identity providers and group mappings in the database, with the client secret sealed for its row (threat J1). What
 * is stored is seen by every process within a second.
 */
@Injectable()
export class IdentitySettingsStore {
  private readonly identities = new MemoryCache<KeptIdentity | undefined>({ lifeMs: 1_000, maxEntries: 100 });
  private readonly groups = new MemoryCache<KeptGroups | undefined>({ lifeMs: 1_000, maxEntries: 100 });

  constructor(
    private readonly settings: IdentitySettingsRepository,
    private readonly box: SecretBox,
    private readonly transactions: Transactions,
    private readonly audit: AuditLog,
    private readonly changes: CacheInvalidation,
  ) {
    changes.onChange('settings', () => {
      this.identities.clear();
      this.groups.clear();
    });
  }

  /** The active configuration. Throws `SecretUnreadable`. */
  findActive(): Promise<KeptIdentity | undefined> {
    return this.find('active');
  }

  /** The configuration with this id, active or not. Throws `SecretUnreadable`. */
  async find(which: string): Promise<KeptIdentity | undefined> {
    const { value } = await this.identities.get(which, async () => {
      const row = await (which === 'active' ? this.settings.findActive() : this.settings.findById(which));
      if (row === null) return undefined;
      const { isActive: _active, clientSecret, ...facts } = row;
      return { ...facts, clientSecret: this.box.open(clientSecret, CLIENT_SECRETS.aadOf(row.id)).toString() };
    });
    return value;
  }

  /** Every stored configuration, active or not, without its secret. */
  listClients(): Promise<ProviderClient[]> {
    return this.settings.listClients();
  }

  /** The group mapping that was set for a configuration. */
  async findGroups(configurationId: string): Promise<KeptGroups | undefined> {
    const read = async (): Promise<KeptGroups | undefined> =>
      (await this.settings.findGroups(configurationId)) ?? undefined;
    return (await this.groups.get(configurationId, read)).value;
  }

  /** Stores a configuration and makes it the only active one; gives its id. */
  async addActive({ clientSecret, extraConfig, createdBy, ...facts }: NewIdentity): Promise<KeptIdentity> {
    const id = randomUUID();
    const sealed = this.box.seal(Buffer.from(clientSecret), CLIENT_SECRETS.aadOf(id));
    return this.transactions.run(async () => {
      const scopes = [...facts.scopes];
      const row = { ...facts, id, scopes, clientSecret: sealed, extraConfig, createdBy };
      const { createdAt, updatedAt } = await this.settings.addActive(row);
      await this.audit.record({
        resource: 'oidc',
        resourceId: id,
        organizationId: null,
        after: { ...facts },
      });
      this.changes.announce('settings');
      return { ...facts, id, clientSecret, extraConfig, createdBy, createdAt, updatedAt };
    });
  }

  /** Stores the group mapping of a configuration; all three values replace those before. */
  async putGroups(configurationId: string, groups: GroupSettings, updatedBy: string | null): Promise<void> {
    await this.transactions.run(async () => {
      const before = await this.settings.findGroups(configurationId);
      const after = { ...groups, groupMappings: [...groups.groupMappings] };
      await this.settings.putGroups({ configurationId, ...after, updatedBy, updatedAt: new Date() });
      await this.audit.record({
        resource: 'oidc',
        resourceId: configurationId,
        organizationId: null,
        ...(before !== null && { before: groupFacts(before) }),
        after: groupFacts(after),
      });
      this.changes.announce('settings');
    });
  }
}

function groupFacts({ groupClaimName, groupMappings, defaultRole }: GroupSettings): Record<string, unknown> {
  return { group_claim_name: groupClaimName, group_mappings: groupMappings, default_role: defaultRole };
}
