import { Injectable, type OnModuleInit } from '@nestjs/common';
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { isScope, type Scope } from '../access/scope.js';
import { AuthConfig } from '../config/auth.config.js';
import { FieldErrors } from '../kernel/field-errors.js';
import { InvalidInput } from '../kernel/invalid-input.js';
import { Organizations } from '../orgs/organizations.service.js';
import { CacheInvalidation } from '../platform/cache/cache-invalidation.js';
import { MemoryCache } from '../platform/cache/memory-cache.js';
import { PlatformSecrets } from '../platform/crypto/platform-secrets.service.js';
import { keyedDigest } from '../platform/crypto/token-hash.js';
import { BearerCredential, type CredentialCheck } from './bearer-credential.js';
import { ApiKeyNotFound } from './domain/auth.errors.js';
import { ApiKeyToken } from './domain/api-key-token.js';
import { principalOf } from './key-authority.js';
import type { KeyFacts } from './key-facts.js';
import { KeyUsage } from './key-usage.service.js';
import { ApiKeysRepository } from './persistence/api-keys.repository.js';

const PEPPER = 'api_key_pepper';
const PEPPER_BYTES = 32;
const NO_DIGEST = Buffer.alloc(32);
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** A key to be issued. Without `organizationId` it acts in the default organization; without `expiresAt` it never ends. */
export interface NewApiKey {
  readonly name: string;
  readonly scopes: readonly string[];
  readonly organizationId?: string | undefined;
  readonly expiresAt?: Date | undefined;
  /** The user whose rights bound the key; without one it belongs to the organization. */
  readonly userId?: string | undefined;
}

/** An issued key. `key` is the only copy of the secret. */
export interface IssuedApiKey {
  readonly key: string;
  readonly id: string;
  readonly keyPrefix: string;
  readonly scopes: readonly Scope[];
}

/**
 * API keys (REST contract 14): issuing, checking, revoking. A key is found by a digest under a server-wide
 * pepper, so neither the database nor a backup of it holds anything that could be used or guessed.
 */
@Injectable()
export class ApiKeys extends BearerCredential implements OnModuleInit {
  private pepper: Buffer | undefined;
  /** A revocation, a role change or a removed membership takes effect within a second, in every process. */
  private readonly known = new MemoryCache<KeyFacts | undefined>({
    lifeMs: 1_000,
    maxEntries: 10_000,
    keeps: (facts) => facts !== undefined,
  });

  constructor(
    private readonly keys: ApiKeysRepository,
    private readonly usage: KeyUsage,
    private readonly organizations: Organizations,
    private readonly secrets: PlatformSecrets,
    private readonly config: AuthConfig,
    changes: CacheInvalidation,
  ) {
    super();
    changes.onChange('identity', () => this.known.clear());
  }

  /** Reads the pepper, so that a wrong encryption key stops the start and not the first request. */
  async onModuleInit(): Promise<void> {
    await this.digestOf('');
  }

  /** Makes a key. Throws `InvalidInput`; `OrganizationNotFound` for an unknown organization. */
  async issue(input: NewApiKey): Promise<IssuedApiKey> {
    const scopes = parseScopes(input.scopes);
    checkForm(input);
    const organizationId = input.organizationId ?? (await this.organizations.getDefault()).id;
    const token = ApiKeyToken.generate(this.config.apiKeyPrefix);
    const id = await this.keys.add({
      organizationId,
      userId: input.userId ?? null,
      name: input.name,
      keyPrefix: token.shownPrefix,
      keyDigest: await this.digestOf(token.text),
      scopes,
      expiresAt: input.expiresAt ?? null,
    });
    return { key: token.text, id, keyPrefix: token.shownPrefix, scopes };
  }

  recognizes(text: string): boolean {
    return ApiKeyToken.tryParse(text) !== undefined;
  }

  /** What cannot be a key is refused without asking the database. */
  async check(text: string): Promise<CredentialCheck> {
    const token = this.config.apiKeysEnabled ? ApiKeyToken.tryParse(text) : undefined;
    if (token === undefined) return { outcome: 'invalid' };
    const digest = await this.digestOf(token.text);
    const { value: facts, readAtMs } = await this.known.get(digest.toString('base64'), () =>
      this.keys.findForAuthentication(digest),
    );
    // Compared also when nothing was found, so that both take the same time.
    const isSame = timingSafeEqual(facts?.digest ?? NO_DIGEST, digest);
    if (facts === undefined || !isSame || facts.isRevoked) return { outcome: 'invalid' };
    if (facts.owner !== null && !facts.owner.isActive) return { outcome: 'invalid' };
    const now = new Date();
    if (facts.expiresAt !== null && facts.expiresAt <= now) return { outcome: 'expired' };
    this.usage.mark(facts.id, now);
    return { outcome: 'valid', principal: principalOf(facts, this.config.multiTenancyEnabled), readAtMs };
  }

  /** Revokes a key, given itself or its id; gives its id. Throws {@link ApiKeyNotFound}. */
  async revoke(keyOrId: string): Promise<string> {
    const token = ApiKeyToken.tryParse(keyOrId);
    if (token === undefined && !UUID.test(keyOrId)) throw new ApiKeyNotFound();
    const by = token === undefined ? { id: keyOrId } : { digest: await this.digestOf(token.text) };
    const revoked = await this.keys.revoke(by);
    if (revoked === undefined) throw new ApiKeyNotFound();
    this.known.forget(revoked.digest.toString('base64'));
    return revoked.id;
  }

  private async digestOf(token: string): Promise<Buffer> {
    this.pepper ??= await this.secrets.getOrCreate(PEPPER, () => randomBytes(PEPPER_BYTES));
    return keyedDigest(this.pepper, token);
  }
}

function parseScopes(names: readonly string[]): Scope[] {
  const scopes = names.map((name) => (name === 'organizations:manage' ? 'organizations:write' : name));
  const unknown = scopes.find((name) => !isScope(name));
  if (unknown !== undefined) throw new InvalidInput(`Invalid scopes: invalid scope: ${unknown}`);
  if (scopes.length === 0) throw new InvalidInput('Invalid scopes: at least one is needed');
  return [...new Set(scopes as Scope[])];
}

function checkForm({ name, expiresAt }: NewApiKey): void {
  const errors = new FieldErrors();
  if (name.length < 1 || name.length > 255) errors.add('name', 'must have 1 to 255 characters');
  if (expiresAt !== undefined && !(expiresAt.getTime() > Date.now())) {
    errors.add('expires_at', 'must be in the future');
  }
  errors.throwIfAny('The API key cannot be created');
}
