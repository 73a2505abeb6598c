import { Injectable, type OnModuleInit } from '@nestjs/common';
import { NamespaceHolders } from '../../orgs/namespace-holders.js';
import { Organizations } from '../../orgs/organizations.service.js';
import { SealedColumns } from '../../platform/crypto/sealed-columns.service.js';
import { SecretBox } from '../../platform/crypto/secret-box.js';
import type { Mirror } from '../domain/mirror.js';
import { MirrorsRepository, type MirrorOwners } from '../persistence/mirrors.repository.js';
import { UPSTREAM_TOKENS } from './upstream-tokens.js';
import { upstreamRegistry, type UpstreamRegistry } from '../upstream/upstream-registry.js';

/** How a run of a mirror ended. */
export interface MirrorOutcome {
  readonly status: 'success' | 'failed' | 'cancelled';
  /** One sentence that is safe to show; `null` when nothing failed. */
  readonly error: string | null;
  /** Whether the run was for one namespace or provider only: then it says nothing about the whole mirror. */
  readonly isRestricted?: boolean;
}

/** Mirrors as they are configured, and when each is due (REST contract, section 20). */
@Injectable()
export class Mirrors implements OnModuleInit {
  constructor(
    private readonly mirrors: MirrorsRepository,
    private readonly organizations: Organizations,
    private readonly box: SecretBox,
    private readonly sealed: SealedColumns,
    private readonly holders: NamespaceHolders,
  ) {}

  onModuleInit(): void {
    this.sealed.register(UPSTREAM_TOKENS);
    this.holders.register({ ownsAnything: (organizationId) => this.mirrors.isOwner(organizationId) });
  }

  /** The mirror with this id; whoever shows it decides first who may see it. */
  find(id: string): Promise<Mirror | null> {
    return this.mirrors.find(id);
  }

  /** Mirrors of these owners by name; of all when no owners are given. */
  list(
    owners: MirrorOwners = { organizations: 'all', isOfNone: true },
    { onlyEnabled = false }: { onlyEnabled?: boolean } = {},
  ): Promise<Mirror[]> {
    return this.mirrors.list(owners, onlyEnabled);
  }

  /** Enabled mirrors whose next run is due at `now`, by the clock of the database when absent. */
  due(now?: Date): Promise<Mirror[]> {
    return this.mirrors.due(now ?? null);
  }

  /** The registry to ask, with the token. Throws `SecretUnreadable` when the token needs a key that is gone. */
  async upstreamOf(mirror: Mirror): Promise<UpstreamRegistry> {
    if (!mirror.hasToken) return upstreamRegistry(mirror.upstreamUrl);
    const sealed = await this.mirrors.sealedToken(mirror.id);
    const token = sealed && this.box.open(sealed, UPSTREAM_TOKENS.aadOf(mirror.id)).toString();
    return upstreamRegistry(mirror.upstreamUrl, token ?? undefined);
  }

  /** The id of the organization that administers a mirror: its own, else the default one. */
  async ownerOrganizationOf({ organizationId }: Pick<Mirror, 'organizationId'>): Promise<string> {
    return organizationId ?? (await this.organizations.getDefault()).id;
  }

  /** A run of the mirror began. In the transaction of the caller. */
  started({ id }: Pick<Mirror, 'id'>): Promise<void> {
    return this.mirrors.markStarted(id);
  }

  /** A run of the mirror ended; sets when the next one is due. In the transaction of the caller. */
  finished({ id }: Pick<Mirror, 'id'>, { status, error, isRestricted }: MirrorOutcome): Promise<void> {
    const isCancelled = status === 'cancelled';
    return this.mirrors.markFinished(id, {
      status: status === 'success' ? 'success' : 'failed',
      error: isCancelled ? (error ?? 'The run was cancelled') : error,
      isWhole: isRestricted !== true,
    });
  }
}
