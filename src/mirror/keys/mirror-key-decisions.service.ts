import { Injectable } from '@nestjs/common';
import type { IdentifiedPrincipal } from '../../access/principal.js';
import { AuditLog } from '../../audit/audit-log.service.js';
import { InvalidInput } from '../../kernel/invalid-input.js';
import { NamespaceName } from '../../kernel/terraform/namespace-name.js';
import type { Page, PageRequest } from '../../kernel/page.js';
import { isUuid } from '../../kernel/uuid.js';
import { Transactions } from '../../platform/database/transactions.js';
import { OpenPgpVerifier } from '../../platform/signatures/openpgp-verifier.js';
import type { PublicKeyInfo } from '../../platform/signatures/public-key-info.js';
import { InvalidPublicKey } from '../../platform/signatures/signatures.errors.js';
import { EVERY_NAMESPACE, type MirrorKey, type SignedVersion } from '../domain/mirror-key.js';
import { MirrorNotFound } from '../domain/mirror-configuration.errors.js';
import { MirrorKeyNotFound, MirrorKeyRevoked } from '../domain/mirror-keys.errors.js';
import type { Mirror } from '../domain/mirror.js';
import { MirrorAccess } from '../configuration/mirror-access.service.js';
import { MirrorKeysRepository } from '../persistence/mirror-keys.repository.js';

/** A key of a mirror with what its armor says. */
export interface ListedMirrorKey {
  readonly key: MirrorKey;
  readonly info: PublicKeyInfo;
}

/** What people decide about the keys of mirrors; needs `admin` in the organization of the mirror. */
@Injectable()
export class MirrorKeyDecisions {
  constructor(
    private readonly mirrors: MirrorAccess,
    private readonly keys: MirrorKeysRepository,
    private readonly verifier: OpenPgpVerifier,
    private readonly transactions: Transactions,
    private readonly audit: AuditLog,
  ) {}

  /** All keys of a mirror, by namespace, oldest first. Throws `MirrorNotFound`. */
  async list(principal: IdentifiedPrincipal, mirrorId: string): Promise<ListedMirrorKey[]> {
    const mirror = await this.mirrors.get(principal, mirrorId, 'mirrors:read');
    return Promise.all((await this.keys.list(mirror.id)).map((key) => this.listed(key)));
  }

  /** The versions that are here and that a key signed. Throws `MirrorNotFound`, {@link MirrorKeyNotFound}. */
  async signedBy(
    principal: IdentifiedPrincipal,
    mirrorId: string,
    id: string,
    page: PageRequest,
  ): Promise<Page<SignedVersion>> {
    const mirror = await this.mirrors.get(principal, mirrorId, 'mirrors:read');
    const key = await this.keys.find(mirror.id, keyIdIn(id));
    if (key === null) throw new MirrorKeyNotFound();
    return this.keys.signedBy(key, page);
  }

  /**
   * Pins an armored key for a namespace, or with `''` or `*` for all; one that is pinned already gets the new armor, for
   * instance with a later expiry. Throws `MirrorNotFound`, `InvalidAddress`, `InvalidPublicKey`, {@link MirrorKeyRevoked}.
   */
  async pin(
    principal: IdentifiedPrincipal,
    mirrorId: string,
    wanted: { readonly namespace: string; readonly armor: string },
  ): Promise<ListedMirrorKey> {
    const mirror = await this.mirrors.get(principal, mirrorId, 'admin');
    const namespace = namespaceOf(wanted.namespace);
    const { fingerprint, armor, isRevoked } = await this.verifier.readPublicKey(wanted.armor);
    if (isRevoked) throw new InvalidPublicKey('its owner revoked it; pin another key');
    const id = await this.transactions.run(async () => {
      if (!(await this.keys.lockMirror(mirror.id))) throw new MirrorNotFound();
      const known = (await this.keys.covering(mirror.id, namespace)).filter(
        (key) => key.fingerprint === fingerprint,
      );
      if (known.some(({ state }) => state === 'revoked')) throw new MirrorKeyRevoked();
      const facts = { mirrorId: mirror.id, namespace, fingerprint, armor, source: 'administrator' } as const;
      const pinned = await this.keys.pin(facts, deciderOf(principal));
      const before = known.find((key) => key.namespace === namespace)?.state ?? null;
      await this.record(mirror, { namespace, fingerprint }, before, 'pinned');
      return pinned;
    });
    return this.get(mirror, id);
  }

  /** One key of a mirror. Throws `MirrorNotFound`, {@link MirrorKeyNotFound}. */
  async find(principal: IdentifiedPrincipal, mirrorId: string, id: string): Promise<ListedMirrorKey> {
    return this.get(await this.mirrors.get(principal, mirrorId, 'mirrors:read'), keyIdIn(id));
  }

  /** Lets a key count that signed something; throws {@link MirrorKeyNotFound}, {@link MirrorKeyRevoked}, `MirrorNotFound`. */
  async approve(principal: IdentifiedPrincipal, mirrorId: string, id: string): Promise<ListedMirrorKey> {
    const mirror = await this.mirrors.get(principal, mirrorId, 'admin');
    keyIdIn(id);
    await this.transactions.run(async () => {
      if (!(await this.keys.lockMirror(mirror.id))) throw new MirrorNotFound();
      const key = await this.keys.find(mirror.id, id);
      if (key === null) throw new MirrorKeyNotFound();
      if (key.state === 'pinned') return this.audit.nothingChanged();
      if (key.state === 'revoked') throw new MirrorKeyRevoked();
      await this.keys.decide(id, { state: 'pinned', ...deciderOf(principal) });
      await this.record(mirror, key, key.state, 'pinned');
    });
    return this.get(mirror, id);
  }

  private async record(
    mirror: Mirror,
    key: Pick<MirrorKey, 'namespace' | 'fingerprint'>,
    before: MirrorKey['state'] | null,
    after: MirrorKey['state'],
  ): Promise<void> {
    await this.audit.record({
      resource: 'mirror',
      resourceId: mirror.id,
      organizationId: mirror.organizationId,
      metadata: { namespace: key.namespace, key_fingerprint: key.fingerprint },
      before: { state: before },
      after: { state: after },
    });
  }

  private async get(mirror: Mirror, id: string): Promise<ListedMirrorKey> {
    const key = await this.keys.find(mirror.id, id);
    if (key === null) throw new MirrorKeyNotFound();
    return this.listed(key);
  }

  private async listed(key: MirrorKey): Promise<ListedMirrorKey> {
    return { key, info: await this.verifier.readPublicKey(key.armor) };
  }
}

function keyIdIn(text: string): string {
  if (!isUuid(text)) throw new InvalidInput('Invalid key ID');
  return text;
}

function namespaceOf(text: string): string {
  const isAll = text === '' || text === EVERY_NAMESPACE;
  return isAll ? EVERY_NAMESPACE : NamespaceName.parse(text).text.toLowerCase();
}

function deciderOf({ userId, name }: IdentifiedPrincipal): {
  decidedBy: string | null;
  decidedByName: string | null;
} {
  return { decidedBy: userId, decidedByName: name };
}
