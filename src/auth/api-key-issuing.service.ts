import { Injectable } from '@nestjs/common';
import { parseScopes } from '../access/parse-scopes.js';
import type { IdentifiedPrincipal } from '../access/principal.js';
import { AuthConfig } from '../config/auth.config.js';
import { InvalidInput } from '../kernel/invalid-input.js';
import { isUuid } from '../kernel/uuid.js';
import { OrganizationNotFound } from '../orgs/domain/orgs.errors.js';
import { Organizations } from '../orgs/organizations.service.js';
import { Transactions } from '../platform/database/transactions.js';
import { ApiKeyAdministration } from './api-key-administration.service.js';
import { ApiKeyGrants } from './api-key-grants.service.js';
import { ApiKeyRecords } from './api-key-records.service.js';
import type { IssuedApiKey } from './domain/api-key.js';
import { type KeyMaker, makerOf } from './domain/api-key-access.js';
import { checkEnd, endAfterGrace, renewedEnd } from './domain/api-key-lifetime.js';
import { NotAMember } from './domain/api-keys.errors.js';

const ROTATED = ' (rotated)';
const MAX_NAME = 255;

/** A key that somebody asks for. `organizationId`: an id, or `default` or empty for the default organization. */
export interface WantedApiKey {
  readonly name: string;
  readonly description: string;
  readonly organizationId: string | undefined;
  readonly scopes: readonly string[];
  readonly expiresAt: Date | null;
}

/** A rotated key: the new one, and when the old one ends; `null` when it has ended already. */
export interface Rotation {
  readonly issued: IssuedApiKey;
  readonly oldEndsAt: Date | null;
}

/** Making keys on behalf of somebody (REST contract 14, threat C3): never more than they hold, never longer. */
@Injectable()
export class ApiKeyIssuing {
  constructor(
    private readonly administration: ApiKeyAdministration,
    private readonly records: ApiKeyRecords,
    private readonly grants: ApiKeyGrants,
    private readonly organizations: Organizations,
    private readonly transactions: Transactions,
    private readonly config: AuthConfig,
  ) {}

  /**
   * Makes a key that belongs to the user behind `principal`, or to the organization of a key without one. Throws
   * `InvalidInput`, `CannotMakeKeys`, `NotAMember`, `NoRoleAssigned`, `ScopeExceedsRole`, `KeyOutlivesItsMaker`;
   * `OrganizationNotFound` to a platform administrator.
   */
  async issue(principal: IdentifiedPrincipal, wanted: WantedApiKey): Promise<IssuedApiKey> {
    const scopes = parseScopes(wanted.scopes);
    const maker = makerOf(principal);
    const organizationId = await this.organizationFor(principal, wanted.organizationId);
    await this.grants.checkScopes(maker, organizationId, scopes);
    this.checkEnd(maker, wanted.expiresAt);
    const { name, description, expiresAt } = wanted;
    return this.records.add({ organizationId, userId: maker.userId, name, description, scopes, expiresAt });
  }

  /**
   * Replaces a key by one that lives as long from now on, for the same owner with the same scopes; the old one
   * ends after `graceHours`, at once when that is 0, and never later than before. All or nothing. Throws
   * `ApiKeyNotFound`, `ApiKeyAccessDenied`, and what `issue` throws when the caller could not make such a key.
   */
  async rotate(principal: IdentifiedPrincipal, id: string, graceHours: number): Promise<Rotation> {
    await this.administration.get(principal, id);
    const maker = makerOf(principal);
    return this.transactions.run(async () => {
      const now = new Date();
      let oldEndsAt: Date | null = null;
      const old = await this.records.change(id, async (key) => {
        await this.grants.checkScopes(maker, key.organizationId, key.scopes);
        if (graceHours === 0) return { revokedAt: now };
        oldEndsAt = endAfterGrace(key.expiresAt, graceHours, now);
        return oldEndsAt === key.expiresAt ? {} : { expiresAt: oldEndsAt };
      });
      const { organizationId, userId, description, scopes } = old;
      const expiresAt = renewedEnd(old, this.config.apiKeyMaxLifetimeMs, now);
      this.checkEnd(maker, expiresAt);
      const name = rotatedName(old.name);
      const record = { organizationId, userId, description, scopes, expiresAt, name };
      return { issued: await this.records.add(record, { rotated_from: id }), oldEndsAt };
    });
  }

  private checkEnd(maker: KeyMaker, expiresAt: Date | null): void {
    const now = new Date();
    const maxLifetimeMs = this.config.apiKeyMaxLifetimeMs;
    checkEnd(expiresAt, { maxLifetimeMs, since: now, makerEndsAt: maker.endsAt }, now);
  }

  private async organizationFor(principal: IdentifiedPrincipal, wanted: string | undefined): Promise<string> {
    if (wanted === undefined && principal.kind === 'api-key') return principal.organizationId;
    if (wanted === undefined || wanted === '' || wanted === 'default') {
      return (await this.organizations.getDefault()).id;
    }
    if (!isUuid(wanted)) throw new InvalidInput('Invalid organization ID');
    const organization = await this.organizations.find(wanted);
    if (organization !== undefined) return organization.id;
    throw principal.authority.isPlatformAdmin ? new OrganizationNotFound() : new NotAMember();
  }
}

function rotatedName(name: string): string {
  return name.endsWith(ROTATED) ? name : name.slice(0, MAX_NAME - ROTATED.length) + ROTATED;
}
