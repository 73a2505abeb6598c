import { Injectable } from '@nestjs/common';
import type { Principal } from '../access/principal.js';
import { Clock } from '../kernel/clock.js';
import { foldNamespace } from '../kernel/terraform/namespace-name.js';
import type { PublishGrant } from '../orgs/domain/publish-grant.js';
import { NamespaceNotFound } from '../orgs/domain/orgs.errors.js';
import { Namespaces } from '../orgs/namespaces.service.js';
import { Transactions } from '../platform/database/transactions.js';
import { OpenPgpVerifier } from '../platform/signatures/openpgp-verifier.js';
import { publicKeyState, type PublicKeyInfo } from '../platform/signatures/public-key-info.js';
import { InvalidPublicKey } from '../platform/signatures/signatures.errors.js';
import type { ListedSigningKey, SigningKey } from './domain/signing-key.js';
import { SigningKeyNotFound, SigningKeyRevoked } from './domain/signing-keys.errors.js';
import { SigningKeyEffects } from './signing-key-effects.js';
import { type QuarantinedVersion, SigningKeysRepository } from './persistence/signing-keys.repository.js';

/** Why a key is revoked. `isCompromised`: somebody else may have signed with it. */
export interface KeyRevocation {
  readonly reason: string;
  readonly isCompromised: boolean;
}

/** Public keys whose signatures count for the providers of a namespace (REST contract 30.3). */
@Injectable()
export class SigningKeys {
  constructor(
    private readonly keys: SigningKeysRepository,
    private readonly namespaces: Namespaces,
    private readonly verifier: OpenPgpVerifier,
    private readonly transactions: Transactions,
    private readonly effects: SigningKeyEffects,
    private readonly clock: Clock,
  ) {}

  /**
   * Every key that the namespace ever registered. Once there is one, only those that are not `isRevoked` count
   * for anything new; when all are revoked, no key counts.
   */
  async registeredFor(namespace: string): Promise<PublicKeyInfo[]> {
    const claim = await this.namespaces.find(namespace);
    if (claim === undefined) return [];
    const keys = await this.keys.list(claim.id);
    return Promise.all(keys.map((key) => this.infoOf(key)));
  }

  /** The keys of a namespace with their states, oldest first. Throws `NamespaceNotFound`. */
  async list(namespace: string): Promise<ListedSigningKey[]> {
    const claim = await this.namespaces.find(namespace);
    if (claim === undefined) throw new NamespaceNotFound();
    const keys = await this.keys.list(claim.id);
    return Promise.all(keys.map((key) => this.listed(key)));
  }

  /**
   * Registers a key; the same key again replaces its armor, for instance with a later expiry. Throws
   * `InvalidPublicKey`, {@link SigningKeyRevoked}, `NamespaceNotFound`, `NamespaceNotYours`.
   */
  async add(principal: Principal, namespace: string, armor: string): Promise<ListedSigningKey> {
    const grant = await this.grant(principal, namespace);
    const { claimId } = grant;
    const { fingerprint, keyId, isRevoked, armor: asciiArmor } = await this.verifier.readPublicKey(armor);
    if (isRevoked) throw new InvalidPublicKey('its owner revoked it; register another key');
    const id = await this.transactions.run(async () => {
      const stored = await this.keys.put({ claimId, fingerprint, keyId, asciiArmor });
      if (stored === undefined) throw new SigningKeyRevoked();
      await this.effects.registered(grant, { id: stored, fingerprint });
      return stored;
    });
    return this.get(claimId, id);
  }

  /**
   * Ends the life of a key: it counts for nothing new. When it is compromised the versions signed with it are
   * quarantined in the same transaction. Revoking again changes the reason, and may add that it is compromised.
   * Throws {@link SigningKeyNotFound}, `NamespaceNotFound`, `NamespaceNotYours`.
   */
  async revoke(
    principal: Principal,
    namespace: string,
    id: string,
    { reason, isCompromised }: KeyRevocation,
  ): Promise<ListedSigningKey> {
    const grant = await this.grant(principal, namespace);
    await this.transactions.run(async () => {
      const key = await this.keys.lock(grant.claimId, id);
      if (key === null) throw new SigningKeyNotFound();
      const mark = {
        revokedAt: key.revokedAt ?? this.clock.now(),
        revocationReason: reason,
        isCompromised: key.isCompromised || isCompromised,
      };
      await this.keys.markRevoked(id, mark);
      const quarantined = isCompromised ? await this.quarantine(grant, key.fingerprint) : [];
      await this.effects.revoked(grant, key, mark, quarantined);
    });
    return this.get(grant.claimId, id);
  }

  private quarantine(grant: PublishGrant, fingerprint: string): Promise<QuarantinedVersion[]> {
    const folded = foldNamespace(grant.namespace);
    const reason = `The key ${fingerprint.slice(-16)} that signed this version is compromised`;
    return this.keys.quarantineSignedBy(folded, fingerprint, reason);
  }

  private async grant(principal: Principal, namespace: string): Promise<PublishGrant> {
    const grant = await this.namespaces.grantChange(principal, namespace, 'admin');
    if (grant === undefined) throw new NamespaceNotFound();
    return grant;
  }

  private async get(claimId: string, id: string): Promise<ListedSigningKey> {
    const key = (await this.keys.list(claimId)).find((one) => one.id === id);
    if (key === undefined) throw new SigningKeyNotFound();
    return this.listed(key);
  }

  private async listed(key: SigningKey): Promise<ListedSigningKey> {
    return { ...key, state: publicKeyState(await this.infoOf(key), this.clock.now()) };
  }

  private async infoOf(key: SigningKey): Promise<PublicKeyInfo> {
    const info = await this.verifier.readPublicKey(key.asciiArmor);
    return { ...info, isRevoked: info.isRevoked || key.revokedAt !== null };
  }
}
