import { Injectable } from '@nestjs/common';
import { AuditLog } from '../../audit/audit-log.service.js';
import { Transactions } from '../../platform/database/transactions.js';
import type { KeyTrustLevel, Mirror } from '../domain/mirror.js';
import type { MirrorKey } from '../domain/mirror-key.js';
import { MirrorInterrupted, ReleaseKeyNotTrusted, ReleaseKeyRevoked } from '../domain/mirror.errors.js';
import { HASHICORP_PARTNER_KEY } from './hashicorp-partner-key.js';
import { HASHICORP_RELEASE_FINGERPRINT, HASHICORP_RELEASE_KEY } from './hashicorp-release-key.js';
import { MirrorKeysRepository } from '../persistence/mirror-keys.repository.js';
import type { KeyTrust, VerifiedRelease } from '../fetching/release-verifier.js';

/** The registry whose namespace `hashicorp` is that of HashiCorp. */
const PUBLIC_REGISTRY = 'registry.terraform.io';
const TRUSTS_HASHICORP: ReadonlySet<KeyTrustLevel> = new Set(['hashicorp', 'partner', 'community']);
const TRUSTS_PARTNERS: ReadonlySet<KeyTrustLevel> = new Set(['partner', 'community']);

/** Whose signatures count for the namespaces of a mirror, and what was learned about keys (threat F2). */
@Injectable()
export class MirrorKeys {
  constructor(
    private readonly keys: MirrorKeysRepository,
    private readonly transactions: Transactions,
    private readonly audit: AuditLog,
  ) {}

  /**
   * Whose signatures count now; `onlyKnown`: no key counts at first sight. Ask again for each version: what was learned
   * from one counts for the next.
   */
  async trustFor(mirror: Mirror, namespace: string, onlyKnown = false): Promise<KeyTrust> {
    const keys = await this.keys.covering(mirror.id, namespace.toLowerCase());
    const { keyTrust } = mirror;
    const approved = pinnedOf(keys).map(({ armor }) => armor);
    if (isHashicorpsOwn(mirror, namespace)) approved.push(HASHICORP_RELEASE_KEY);
    const revoked = revokedOf(keys);
    // What follows a revoked key is for somebody to decide.
    if (revoked.length > 0) return { approved, revoked, onFirstUse: 'hold' };
    return {
      approved,
      revoked,
      roots: TRUSTS_HASHICORP.has(keyTrust) ? [HASHICORP_RELEASE_KEY] : [],
      vouchers: TRUSTS_PARTNERS.has(keyTrust) ? [HASHICORP_PARTNER_KEY] : [],
      onFirstUse: keyTrust === 'community' && !onlyKnown ? 'accept' : 'hold',
    };
  }

  /**
   * Pins the key of a release for its namespace unless one that counts for it is pinned; from then on every other key is
   * a stranger there. Call it before the release is stored. Throws `ReleaseKeyNotTrusted` or `ReleaseKeyRevoked` when
   * somebody pinned another key or revoked this one since `trustFor`.
   */
  async learn(mirror: Mirror, namespace: string, { key }: Pick<VerifiedRelease, 'key'>): Promise<void> {
    const place = namespace.toLowerCase();
    const { fingerprint, armor } = key;
    if (isSettled(await this.keys.covering(mirror.id, place), mirror, place, fingerprint)) return;
    await this.transactions.run(async () => {
      if (!(await this.keys.lockMirror(mirror.id))) throw new MirrorInterrupted();
      if (isSettled(await this.keys.covering(mirror.id, place), mirror, place, fingerprint, armor)) return;
      const facts = {
        mirrorId: mirror.id,
        namespace: place,
        fingerprint,
        armor,
        source: 'upstream',
      } as const;
      await this.keys.pin(facts, { decidedBy: null, decidedByName: null });
      await this.record(mirror, place, fingerprint, 'pinned');
    });
  }

  /**
   * Remembers a key that signed something and does not count, for somebody to decide about. Gives a sentence for the
   * report: how to let it count. In the audit log once for each key.
   */
  async noteStranger(
    mirror: Mirror,
    namespace: string,
    { fingerprint, armor }: { fingerprint: string; armor: string },
  ): Promise<string> {
    const place = namespace.toLowerCase();
    const facts = { mirrorId: mirror.id, namespace: place, fingerprint, armor, source: 'upstream' } as const;
    const id = await this.transactions.run(async () => {
      if (!(await this.keys.lockMirror(mirror.id))) throw new MirrorInterrupted();
      const seen = await this.keys.addSeen(facts);
      if (seen.isNew) await this.record(mirror, place, fingerprint, 'seen');
      return seen.id;
    });
    const path = `/api/v1/admin/mirrors/${mirror.id}/keys/${id}/approve`;
    return (
      `Releases of ${place} are signed with the key ${fingerprint}, which does not count; ` +
      `compare it with what its owner publishes elsewhere, then let it count with POST ${path}`
    );
  }

  private async record(mirror: Mirror, namespace: string, fingerprint: string, state: string): Promise<void> {
    await this.audit.record({
      resource: 'mirror',
      resourceId: mirror.id,
      organizationId: mirror.organizationId,
      action: `mirror.key_${state}`,
      metadata: { namespace, key_fingerprint: fingerprint },
      after: { state },
    });
  }
}

/** Where HashiCorp's own key counts as if it were pinned. */
function isHashicorpsOwn({ keyTrust, upstreamHost }: Mirror, namespace: string): boolean {
  const isTheirs = upstreamHost === PUBLIC_REGISTRY && namespace.toLowerCase() === 'hashicorp';
  return isTheirs && TRUSTS_HASHICORP.has(keyTrust);
}

function pinnedOf(keys: readonly MirrorKey[]): MirrorKey[] {
  const revoked = new Set(revokedOf(keys));
  return keys.filter(({ state, fingerprint }) => state === 'pinned' && !revoked.has(fingerprint));
}

function revokedOf(keys: readonly MirrorKey[]): string[] {
  return keys.filter(({ state }) => state === 'revoked').map(({ fingerprint }) => fingerprint);
}

/**
 * Whether there is nothing to pin because the key counts already. With `armor` the answer is final: throws when the key
 * does not count any more.
 */
function isSettled(
  keys: readonly MirrorKey[],
  mirror: Mirror,
  namespace: string,
  fingerprint: string,
  armor?: string,
): boolean {
  const pinned = pinnedOf(keys);
  const isOwn = isHashicorpsOwn(mirror, namespace);
  const isRevoked = revokedOf(keys).includes(fingerprint);
  if (!isRevoked && pinned.some((one) => one.fingerprint === fingerprint)) return true;
  if (!isRevoked && isOwn && fingerprint === HASHICORP_RELEASE_FINGERPRINT) return true;
  if (armor !== undefined) {
    const what = `A release of ${namespace}`;
    if (isRevoked) throw new ReleaseKeyRevoked(what, fingerprint);
    const hasOthers = pinned.length > 0 || isOwn || revokedOf(keys).length > 0;
    if (hasOthers) throw new ReleaseKeyNotTrusted(what, fingerprint, armor, false);
  }
  return false;
}
