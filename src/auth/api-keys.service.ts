import { Injectable } from '@nestjs/common';
import { parseScopes } from '../access/parse-scopes.js';
import { scopesIn } from '../access/authority.js';
import type { PublishedFrom } from '../access/principal.js';
import { intersectScopes, type Scope } from '../access/scope.js';
import { AuthConfig } from '../config/auth.config.js';
import { FieldErrors } from '../kernel/field-errors.js';
import { foldNamespace } from '../kernel/terraform/namespace-name.js';
import { isUuid } from '../kernel/uuid.js';
import { Organizations } from '../orgs/organizations.service.js';
import { UserAuthority } from '../orgs/user-authority.service.js';
import { ApiKeyRecords } from './api-key-records.service.js';
import { BearerCredential, type CredentialCheck } from './bearer-credential.js';
import type { IssuedApiKey } from './domain/api-key.js';
import { ApiKeyToken } from './domain/api-key-token.js';
import { NoRoleAssigned } from './domain/api-keys.errors.js';
import { ApiKeyNotFound } from './domain/auth.errors.js';
import { principalOf } from './key-authority.js';
import { KeyLookup } from './key-lookup.service.js';
import { KeyUsage } from './key-usage.service.js';

/** A key to be issued. Without `organizationId` it acts in the default organization; without `expiresAt` it never ends. */
export interface NewApiKey {
  readonly name: string;
  readonly scopes: readonly string[];
  readonly description?: string | undefined;
  readonly organizationId?: string | undefined;
  readonly expiresAt?: Date | undefined;
  /** The user whose rights bound the key; without one it belongs to the organization. */
  readonly userId?: string | undefined;
}

/** A token for a pipeline that proved who it is (REST contract 30.5). `namespaces` in any spelling. */
export interface NewExchangedKey {
  readonly organizationId: string;
  readonly publisherId: string;
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly namespaces: readonly string[];
  readonly publishedFrom: PublishedFrom;
  readonly expiresAt: Date;
}

/** A token for a CLI that somebody signed in with (REST contract 6.5). */
export interface NewLoginKey {
  readonly userId: string;
  readonly organizationId: string;
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly expiresAt: Date | null;
}

/**
 * API keys as credentials (REST contract 14): checking, issuing on behalf of the server itself, revoking. What
 * people do with keys is in `ApiKeyAdministration`.
 */
@Injectable()
export class ApiKeys extends BearerCredential {
  constructor(
    private readonly lookup: KeyLookup,
    private readonly records: ApiKeyRecords,
    private readonly usage: KeyUsage,
    private readonly organizations: Organizations,
    private readonly users: UserAuthority,
    private readonly config: AuthConfig,
  ) {
    super();
  }

  recognizes(text: string): boolean {
    return ApiKeyToken.tryParse(text) !== undefined;
  }

  /** What cannot be a key is refused without asking the database. */
  async check(text: string): Promise<CredentialCheck> {
    const token = this.config.apiKeysEnabled ? ApiKeyToken.tryParse(text) : undefined;
    if (token === undefined) return { outcome: 'invalid' };
    const { value: facts, readAtMs } = await this.lookup.find(token);
    if (facts === undefined || facts.owner?.isActive === false) return { outcome: 'invalid' };
    const now = new Date();
    if (facts.expiresAt !== null && facts.expiresAt <= now) return { outcome: 'expired' };
    this.usage.mark(facts.id, now);
    return { outcome: 'valid', principal: principalOf(facts, this.config.multiTenancyEnabled), readAtMs };
  }

  /**
   * Makes a key for commands and setup; nobody's rights are checked. Records it in the audit log. Throws
   * `InvalidInput`.
   */
  async issue(input: NewApiKey): Promise<IssuedApiKey> {
    const scopes = parseScopes(input.scopes);
    checkForm(input);
    return this.records.add({
      organizationId: input.organizationId ?? (await this.organizations.getDefault()).id,
      userId: input.userId ?? null,
      name: input.name,
      description: input.description ?? '',
      scopes,
      expiresAt: input.expiresAt ?? null,
    });
  }

  /**
   * Makes the token of a pipeline; call it in the transaction that notes the exchange. It belongs to the
   * organization, acts in `namespaces` only, ends at `expiresAt` and with its publisher. Records it in the audit
   * log, so the caller need not.
   */
  async issueExchanged(input: NewExchangedKey): Promise<IssuedApiKey> {
    const { publisherId, namespaces, publishedFrom, ...facts } = input;
    const exchanged = { publisherId, publishedFrom, namespaces: namespaces.map(foldNamespace) };
    return this.records.add({ ...facts, userId: null, description: '', exchanged });
  }

  /**
   * Makes the token of a CLI: an ordinary key of the user, with those of `scopes` that the user holds in the
   * organization now and within `auth.api_keys.max_lifetime`. Records it in the audit log. Throws
   * {@link NoRoleAssigned} when none of them is left.
   */
  async issueForLogin(input: NewLoginKey): Promise<IssuedApiKey> {
    const { value: user } = await this.users.of(input.userId);
    const held = user === undefined ? [] : scopesIn(user.authority, input.organizationId);
    const scopes = intersectScopes(input.scopes, held);
    if (scopes.length === 0) throw new NoRoleAssigned();
    const most = this.config.apiKeyMaxLifetimeMs;
    const latest = most > 0 ? new Date(Date.now() + most) : null;
    const isCapped = latest !== null && (input.expiresAt === null || input.expiresAt > latest);
    return this.records.add({
      ...input,
      scopes,
      description: '',
      expiresAt: isCapped ? latest : input.expiresAt,
    });
  }

  /**
   * Revokes a key, given itself or its id; gives its id. Revoking again changes nothing. Records it in the audit
   * log. Throws {@link ApiKeyNotFound}.
   */
  async revoke(keyOrId: string): Promise<string> {
    const token = ApiKeyToken.tryParse(keyOrId);
    const id = token === undefined ? keyOrId : await this.lookup.findId(token);
    if (id === undefined || !isUuid(id)) throw new ApiKeyNotFound();
    await this.records.revoke(id);
    return id;
  }
}

function checkForm({ name, expiresAt }: NewApiKey): void {
  const errors = new FieldErrors();
  if (name.length < 1 || name.length > 255) errors.add('name', 'must have 1 to 255 characters');
  if (expiresAt !== undefined && !(expiresAt.getTime() > Date.now())) {
    errors.add('expires_at', 'must be in the future');
  }
  errors.throwIfAny('The API key cannot be created');
}
