import { Injectable } from '@nestjs/common';
import { holds, holdsAnywhere, organizationsWith } from '../access/authority.js';
import type { IdentifiedPrincipal, Principal } from '../access/principal.js';
import type { Scope } from '../access/scope.js';
import { AuthConfig } from '../config/auth.config.js';
import { foldNamespace } from '../kernel/terraform/namespace-name.js';
import { ProviderAddress } from '../kernel/terraform/provider-address.js';
import { CacheInvalidation } from '../platform/cache/cache-invalidation.js';
import { MemoryCache, type CachedValue } from '../platform/cache/memory-cache.js';
import type { NamespaceClaim, ProviderClaims } from './domain/namespace-claim.js';
import type { Readable } from './domain/readable.js';
import { NamespaceClaimsRepository } from './persistence/namespace-claims.repository.js';

/**
 * What a caller sees of a namespace: `allowed` to read it, `absent` (it does not exist, or must look so), or
 * `unauthenticated` (the answer is 401 whether it exists or not).
 */
export type ReadDecision = 'allowed' | 'absent' | 'unauthenticated';

/** The address of a provider as somebody asks for it. */
export interface AskedProvider {
  readonly namespace: string;
  readonly type: string;
  /** An upstream, in lower case; without one the address means what is published here, else the oldest mirrored one. */
  readonly host?: string;
}

/** A decision about a provider, and the name under which it stands who may read it (`ProviderAddress.readers`). */
export interface ProviderReadDecision extends CachedValue<ReadDecision> {
  readonly readers: string;
  /** The upstream of a mirrored one; `''` for what is published here. */
  readonly host: string;
}

/** Every decision about who may read or write where: REST contract 3.4 to 3.6 in one place. */
@Injectable()
export class OrgAccess {
  /** A change of visibility or owner is seen within a second, in every process. */
  private readonly claims = new MemoryCache<NamespaceClaim | undefined>({
    lifeMs: 1_000,
    maxEntries: 10_000,
  });

  /** By `namespace/type`. */
  private readonly providers = new MemoryCache<ProviderClaims>({ lifeMs: 1_000, maxEntries: 10_000 });

  constructor(
    private readonly namespaceClaims: NamespaceClaimsRepository,
    private readonly config: AuthConfig,
    changes: CacheInvalidation,
  ) {
    changes.onChange('namespaces', () => {
      this.claims.clear();
      this.providers.clear();
    });
  }

  /** What `principal` sees of `namespace`; `scope` is needed where it is private. */
  async readDecision(principal: Principal, namespace: string, scope: Scope): Promise<ReadDecision> {
    return (await this.datedReadDecision(principal, namespace, scope)).value;
  }

  /** The same, with the time at which the facts about the namespace were read. */
  async datedReadDecision(
    principal: Principal,
    namespace: string,
    scope: Scope,
  ): Promise<CachedValue<ReadDecision>> {
    const folded = foldNamespace(namespace);
    const { value: claim, readAtMs } = await this.claims.get(folded, () =>
      namespace.includes('/') ? this.namespaceClaims.findReaders(folded) : this.namespaceClaims.find(folded),
    );
    return { value: this.decide(principal, claim, scope), readAtMs };
  }

  /** The same for a provider: the claim of a mirrored one decides, else that of the namespace. One statement at most. */
  async datedProviderDecision(
    principal: Principal,
    { namespace, type, host }: AskedProvider,
    scope: Scope,
  ): Promise<ProviderReadDecision> {
    const address = `${namespace.toLowerCase()}/${type}`;
    if (host !== undefined) {
      const readers = `${host}/${address}`;
      return { ...(await this.datedReadDecision(principal, readers, scope)), readers, host };
    }
    const { value: claims, readAtMs } = await this.providers.get(address, () =>
      this.namespaceClaims.findByAddress(address, foldNamespace(namespace)),
    );
    const { own, mirrored } = claims;
    return {
      value: this.decide(principal, mirrored ?? own, scope),
      readAtMs,
      readers: mirrored?.name ?? namespace,
      host: mirrored === undefined ? '' : ProviderAddress.hostOf(mirrored.name),
    };
  }

  /** What `principal` sees of lists and searches, which leave out by themselves what is not visible. */
  listDecision(principal: Principal, scope: Scope): 'allowed' | 'unauthenticated' | 'forbidden' {
    if (this.config.anonymousRead) return 'allowed';
    if (principal.kind === 'anonymous') return 'unauthenticated';
    return holdsAnywhere(principal.authority, scope) ? 'allowed' : 'forbidden';
  }

  /** What lists and searches may show to `principal`; `scope` is needed where something is private. */
  readable(principal: Principal, scope: Scope): Readable {
    const isServerOpen = this.config.anonymousRead;
    if (principal.kind === 'anonymous') return { isServerOpen, organizations: [], namespaces: null };
    const organizations = organizationsWith(principal.authority, scope);
    return { isServerOpen, organizations, namespaces: namespacesOf(principal) };
  }

  /** Whether `principal` holds `scope` in the organization that owns something. */
  mayAct(principal: Principal, organizationId: string, scope: Scope): principal is IdentifiedPrincipal {
    if (principal.kind === 'anonymous' || namespacesOf(principal) !== null) return false;
    return holds(principal.authority, scope, organizationId);
  }

  /** The same for what stands in a namespace: the only place where an exchanged token may do anything. */
  mayActInNamespace(
    principal: Principal,
    namespace: string,
    organizationId: string,
    scope: Scope,
  ): principal is IdentifiedPrincipal {
    if (principal.kind === 'anonymous') return false;
    const confined = namespacesOf(principal);
    if (confined !== null && !confined.includes(foldNamespace(namespace))) return false;
    return holds(principal.authority, scope, organizationId);
  }

  /** Whether `principal` may do everything everywhere; an exchanged token never may. */
  isPlatformAdmin(principal: Principal): boolean {
    if (principal.kind === 'anonymous' || namespacesOf(principal) !== null) return false;
    return principal.authority.isPlatformAdmin;
  }

  /** The organizations that a list shows to `principal`: those where it holds `scope`. */
  visibleOrganizations(principal: IdentifiedPrincipal, scope: Scope): 'all' | readonly string[] {
    return namespacesOf(principal) === null ? organizationsWith(principal.authority, scope) : [];
  }

  /** The organizations that `principal` belongs to; all of them where they share everything. */
  organizationsOf(principal: IdentifiedPrincipal): 'all' | readonly string[] {
    if (namespacesOf(principal) !== null) return [];
    const { isPlatformAdmin, shared, organizations } = principal.authority;
    return isPlatformAdmin || shared !== undefined ? 'all' : [...organizations.keys()];
  }

  /** Forgets what is known about a namespace: its owner or visibility changed in this process. */
  forget(namespace: string): void {
    this.claims.forget(foldNamespace(namespace));
    this.providers.clear();
  }

  private decide(principal: Principal, claim: NamespaceClaim | undefined, scope: Scope): ReadDecision {
    const { name = '', organizationId = null, visibility = null, isShared = false } = claim ?? {};
    // What belongs to nobody is shown to nobody.
    if (organizationId !== null && isShared) {
      if (this.config.anonymousRead || this.readsAnything(principal, scope)) return 'allowed';
    } else if (organizationId !== null) {
      const isPublic = visibility === null ? this.config.anonymousRead : visibility === 'public';
      if (isPublic) return 'allowed';
      if (this.mayActInNamespace(principal, name, organizationId, scope)) return 'allowed';
    }
    return principal.kind === 'anonymous' && !this.config.anonymousRead ? 'unauthenticated' : 'absent';
  }

  /** Whether the caller holds the scope anywhere, and is not confined to namespaces. */
  private readsAnything(principal: Principal, scope: Scope): boolean {
    if (principal.kind === 'anonymous' || namespacesOf(principal) !== null) return false;
    return holdsAnywhere(principal.authority, scope);
  }
}

function namespacesOf(principal: IdentifiedPrincipal): readonly string[] | null {
  return principal.kind === 'api-key' ? principal.namespaces : null;
}
