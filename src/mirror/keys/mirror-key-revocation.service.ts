import { Injectable } from '@nestjs/common';
import type { IdentifiedPrincipal } from '../../access/principal.js';
import { AuditLog } from '../../audit/audit-log.service.js';
import { InvalidInput } from '../../kernel/invalid-input.js';
import { isUuid } from '../../kernel/uuid.js';
import { MirroredStanding } from '../../providers/mirrored-standing.service.js';
import { MirrorAccess } from '../configuration/mirror-access.service.js';
import { MirrorReevaluation } from '../decisions/mirror-reevaluation.service.js';
import { MirrorNotFound } from '../domain/mirror-configuration.errors.js';
import type { MirrorKey } from '../domain/mirror-key.js';
import { MirrorKeyNotFound } from '../domain/mirror-keys.errors.js';
import type { Mirror } from '../domain/mirror.js';
import { MirrorKeysRepository } from '../persistence/mirror-keys.repository.js';

/**
 * Ends the life of keys of mirrors, and holds back what they signed: it is quarantined, which an administrator can undo.
 * Needs `admin` in the organization of the mirror.
 */
@Injectable()
export class MirrorKeyRevocation {
  constructor(
    private readonly mirrors: MirrorAccess,
    private readonly keys: MirrorKeysRepository,
    private readonly decisions: MirrorReevaluation,
    private readonly standing: MirroredStanding,
    private readonly audit: AuditLog,
  ) {}

  /**
   * Nothing that the key signed is fetched any more, for good; with `holdsBack` nothing that it signed is served either.
   * Gives how many versions were quarantined. A second time it quarantines what was left out. Throws `InvalidInput`,
   * `MirrorNotFound`, {@link MirrorKeyNotFound}.
   */
  async revoke(
    principal: IdentifiedPrincipal,
    mirrorId: string,
    id: string,
    holdsBack: boolean,
  ): Promise<number> {
    const mirror = await this.mirrors.get(principal, mirrorId, 'admin');
    // What arrives meanwhile is here before the decision, or learns about it.
    return this.decide(mirror, id, async (key) => {
      if (key.state !== 'revoked') {
        const { userId: decidedBy, name: decidedByName } = principal;
        await this.keys.decide(key.id, { state: 'revoked', decidedBy, decidedByName });
      }
      let count = 0;
      for (const { versions, ...address } of holdsBack ? await this.keys.servedBy(mirror, key) : []) {
        count += await this.standing.quarantine(address, versions, reasonFor(key));
      }
      if (key.state === 'revoked' && count === 0) this.audit.nothingChanged();
      else await this.record(mirror, key, { state: 'revoked', held_back_versions: count });
      return count;
    });
  }

  /**
   * Has served again what the revocation of a key has held back; the key stays revoked. Gives how many versions come back.
   * Throws `InvalidInput`, `MirrorNotFound`, {@link MirrorKeyNotFound}.
   */
  async restore(principal: IdentifiedPrincipal, mirrorId: string, id: string): Promise<number> {
    const mirror = await this.mirrors.get(principal, mirrorId, 'admin');
    return this.decide(mirror, id, async (key) => {
      let count = 0;
      for (const { versions, ...address } of await this.keys.servedBy(mirror, key)) {
        count += await this.standing.restore(address, versions, reasonFor(key));
      }
      if (count === 0) this.audit.nothingChanged();
      else await this.record(mirror, key, { state: key.state, restored_versions: count });
      return count;
    });
  }

  private decide(mirror: Mirror, id: string, work: (key: MirrorKey) => Promise<number>): Promise<number> {
    if (!isUuid(id)) throw new InvalidInput('Invalid key ID');
    return this.decisions.decide(async () => {
      if (!(await this.keys.lockMirror(mirror.id))) throw new MirrorNotFound();
      const key = await this.keys.find(mirror.id, id);
      if (key === null) throw new MirrorKeyNotFound();
      return { result: await work(key) };
    });
  }

  private async record(mirror: Mirror, key: MirrorKey, after: Record<string, unknown>): Promise<void> {
    await this.audit.record({
      resource: 'mirror',
      resourceId: mirror.id,
      organizationId: mirror.organizationId,
      metadata: { namespace: key.namespace, key_fingerprint: key.fingerprint },
      before: { state: key.state },
      after,
    });
  }
}

/** Says which versions a revocation has quarantined, so that they can be told from what people quarantined. */
function reasonFor({ fingerprint }: MirrorKey): string {
  return `It is signed with the key ${fingerprint}, which was revoked for its mirror`;
}
