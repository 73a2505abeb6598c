import { Injectable } from '@nestjs/common';
import { parseScopes } from '../access/parse-scopes.js';
import { organizationsWith } from '../access/authority.js';
import type { IdentifiedPrincipal } from '../access/principal.js';
import type { Scope } from '../access/scope.js';
import { AuthConfig } from '../config/auth.config.js';
import { InvalidInput } from '../kernel/invalid-input.js';
import { isUuid } from '../kernel/uuid.js';
import { UserAuthority } from '../orgs/user-authority.service.js';
import { ApiKeyGrants } from './api-key-grants.service.js';
import { ApiKeyRecords } from './api-key-records.service.js';
import type { ApiKey } from './domain/api-key.js';
import { isPipeline, keyAccess, makerOf } from './domain/api-key-access.js';
import { checkEnd } from './domain/api-key-lifetime.js';
import { ApiKeyAccessDenied } from './domain/api-keys.errors.js';
import { ApiKeyNotFound } from './domain/auth.errors.js';
import {
  ApiKeyAdministrationRepository,
  type KeyChange,
  type KeyState,
} from './persistence/api-key-administration.repository.js';

/** What is to be changed; `expiresAt: null` lets the key live on without an end. */
export interface ApiKeyChange {
  readonly name?: string | undefined;
  readonly description?: string | undefined;
  readonly scopes?: readonly string[] | undefined;
  readonly expiresAt?: Date | null | undefined;
}

/** A key with its state. */
export interface ListedKey extends ApiKey {
  readonly revokedAt: Date | null;
}

/**
 * Looking after keys that exist (REST contract 14): by their owner, by holders of `api_keys:manage` in their
 * organization, by platform administrators. Tokens exchanged for the identity of a pipeline do not exist here.
 * Every method with an `id` throws `InvalidInput` for what is not an id, {@link ApiKeyNotFound} and
 * {@link ApiKeyAccessDenied}.
 */
@Injectable()
export class ApiKeyAdministration {
  constructor(
    private readonly keys: ApiKeyAdministrationRepository,
    private readonly records: ApiKeyRecords,
    private readonly grants: ApiKeyGrants,
    private readonly users: UserAuthority,
    private readonly config: AuthConfig,
  ) {}

  /** The keys that `principal` may manage, newest first; of one organization when its id is given. */
  async list(principal: IdentifiedPrincipal, organizationId?: string): Promise<ApiKey[]> {
    if (organizationId !== undefined && !isUuid(organizationId))
      throw new InvalidInput('Invalid organization ID');
    if (isPipeline(principal)) return [];
    const isKey = principal.kind === 'api-key';
    return this.keys.list({
      userId: principal.userId,
      within: isKey ? principal.organizationId : null,
      keyId: isKey ? principal.keyId : null,
      organizations: organizationsWith(principal.authority, 'api_keys:manage'),
      organizationId: organizationId ?? null,
    });
  }

  /** Every key of an organization, revoked ones too, for commands; nobody's rights are checked. */
  listStates(organizationId: string): Promise<ListedKey[]> {
    return this.keys.listStates(organizationId);
  }

  /** One key. */
  get(principal: IdentifiedPrincipal, id: string): Promise<ApiKey> {
    return this.managed(principal, id);
  }

  /**
   * Changes a key. Other scopes, and those of a key that is to live longer, must be held by the caller and by the
   * owner; the end stays within that of a calling key. Throws `InvalidInput`, `ScopeExceedsRole`,
   * `KeyOutlivesItsMaker`, `CannotMakeKeys`.
   */
  async change(principal: IdentifiedPrincipal, id: string, change: ApiKeyChange): Promise<ApiKey> {
    await this.managed(principal, id);
    const scopes = change.scopes && parseScopes(change.scopes);
    await this.records.change(id, async (key) => {
      const isLonger = isLater(change.expiresAt, key.expiresAt);
      if (isLonger || isOther(scopes, key.scopes))
        await this.checkGiving(principal, key, scopes ?? key.scopes);
      if (change.expiresAt !== undefined && !isSameTime(change.expiresAt, key.expiresAt)) {
        this.checkEnd(principal, key, change.expiresAt, isLonger);
      }
      return changed(key, { ...change, scopes });
    });
    return this.managed(principal, id);
  }

  /** Ends a key for good. Running servers refuse it at once. */
  async revoke(principal: IdentifiedPrincipal, id: string): Promise<void> {
    await this.managed(principal, id);
    await this.records.change(id, async () => ({ revokedAt: new Date() }));
  }

  private async managed(principal: IdentifiedPrincipal, id: string): Promise<KeyState> {
    if (!isUuid(id)) throw new InvalidInput('Invalid API key ID');
    const key = await this.keys.find(id);
    const access = key === undefined ? 'absent' : keyAccess(principal, key);
    if (key === undefined || key.revokedAt !== null || access === 'absent') throw new ApiKeyNotFound();
    if (access === 'denied') throw new ApiKeyAccessDenied();
    return key;
  }

  private async checkGiving(
    principal: IdentifiedPrincipal,
    { organizationId, userId }: KeyState,
    scopes: readonly Scope[],
  ): Promise<void> {
    await this.grants.checkScopes(makerOf(principal), organizationId, scopes);
    if (userId === null || userId === principal.userId) return;
    const { value: owner } = await this.users.of(userId);
    await this.grants.checkOwner(owner, organizationId, scopes);
  }

  /** An end that comes closer may be set by everybody who manages the key. */
  private checkEnd(
    principal: IdentifiedPrincipal,
    key: KeyState,
    expiresAt: Date | null,
    isLonger: boolean,
  ): void {
    const limits = {
      maxLifetimeMs: isLonger ? this.config.apiKeyMaxLifetimeMs : 0,
      since: key.createdAt,
      makerEndsAt: isLonger ? makerOf(principal).endsAt : null,
    };
    checkEnd(expiresAt, limits, new Date());
  }
}

function isLater(wanted: Date | null | undefined, present: Date | null): boolean {
  if (wanted === undefined || present === null) return false;
  return wanted === null || wanted > present;
}

function isSameTime(one: Date | null, other: Date | null): boolean {
  return one?.getTime() === other?.getTime();
}

function isOther(wanted: readonly Scope[] | undefined, present: readonly Scope[]): boolean {
  return (
    wanted !== undefined && (wanted.length !== present.length || wanted.some((one) => !present.includes(one)))
  );
}

/** The fields that really change. */
function changed(key: KeyState, wanted: ApiKeyChange & { scopes?: Scope[] | undefined }): KeyChange {
  const { name, description, scopes, expiresAt } = wanted;
  return {
    ...(name !== undefined && name !== key.name && { name }),
    ...(description !== undefined && description !== key.description && { description }),
    ...(isOther(scopes, key.scopes) && { scopes: scopes! }),
    ...(expiresAt !== undefined && !isSameTime(expiresAt, key.expiresAt) && { expiresAt }),
  };
}
