import { type Authority, holds } from '../../access/authority.js';
import type { IdentifiedPrincipal } from '../../access/principal.js';
import { CannotMakeKeys } from './api-keys.errors.js';

/** What decides who may manage a key. */
export interface ManagedKey {
  readonly id: string;
  readonly organizationId: string;
  readonly userId: string | null;
  /** Whether it was exchanged for the identity of a pipeline: nobody manages it here. */
  readonly isExchanged: boolean;
}

/** Who makes a key: what it may contain, whose it becomes, and when it ends at the latest. */
export interface KeyMaker {
  readonly userId: string | null;
  readonly authority: Authority;
  /** The end of the key that asks; `null` when nothing ends the caller. */
  readonly endsAt: Date | null;
}

/**
 * Whether `principal` may manage `key` (REST contract 14): its own, or as a holder of `api_keys:manage` in its
 * organization. `denied` to those who belong to that organization, `absent` to everybody else.
 */
export function keyAccess(principal: IdentifiedPrincipal, key: ManagedKey): 'manage' | 'denied' | 'absent' {
  if (key.isExchanged || isPipeline(principal)) return 'absent';
  if (isOwn(principal, key)) return 'manage';
  const { authority } = principal;
  if (holds(authority, 'api_keys:manage', key.organizationId)) return 'manage';
  return (authority.organizations.get(key.organizationId) ?? []).length > 0 ? 'denied' : 'absent';
}

/** What `principal` brings along for making a key. Throws {@link CannotMakeKeys}. */
export function makerOf(principal: IdentifiedPrincipal): KeyMaker {
  // The roles of a service principal stand in its token, so nothing would bound a key that it left behind.
  if (principal.kind === 'service' || isPipeline(principal)) throw new CannotMakeKeys();
  const { userId, authority } = principal;
  return { userId, authority, endsAt: principal.kind === 'api-key' ? principal.expiresAt : null };
}

/** A token that was exchanged for the identity of a pipeline. */
export function isPipeline(principal: IdentifiedPrincipal): boolean {
  return principal.kind === 'api-key' && principal.namespaces !== null;
}

/** A key acts for its owner in its own organization only; it may always look after itself. */
function isOwn(principal: IdentifiedPrincipal, key: ManagedKey): boolean {
  if (principal.kind === 'api-key' && principal.keyId === key.id) return true;
  if (principal.userId === null || principal.userId !== key.userId) return false;
  return principal.kind !== 'api-key' || principal.organizationId === key.organizationId;
}
