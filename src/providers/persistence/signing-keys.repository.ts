import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { BaseRepository } from '../../platform/database/base.repository.js';
import type { SigningKey } from '../domain/signing-key.js';
import { SigningKeyEntity } from './signing-key.entity.js';

/** A version that stopped being served, or a tombstone that does not come back. */
export interface QuarantinedVersion {
  readonly providerId: string;
  readonly namespace: string;
  readonly type: string;
  readonly version: string;
  readonly isDeleted: boolean;
}

/** Signing keys of namespaces. Joins the ambient transaction. */
@Injectable()
export class SigningKeysRepository extends BaseRepository<SigningKeyEntity> {
  constructor(dataSource: DataSource) {
    super(SigningKeyEntity, dataSource);
  }

  /** All keys of a namespace, revoked ones too, oldest first. */
  list(claimId: string): Promise<SigningKey[]> {
    return this.repository.find({ where: { claimId }, order: { createdAt: 'ASC', id: 'ASC' } });
  }

  /** One key, locked until the transaction ends. */
  lock(claimId: string, id: string): Promise<SigningKey | null> {
    return this.repository.findOne({ where: { claimId, id }, lock: { mode: 'pessimistic_write' } });
  }

  /** Registers a key; one that is there and not revoked gets the new armor. Its id, or `undefined` when revoked. */
  async put(
    key: Pick<SigningKey, 'claimId' | 'fingerprint' | 'keyId' | 'asciiArmor'>,
  ): Promise<string | undefined> {
    const rows: { id: string }[] = await this.manager.query(
      `INSERT INTO signing_keys AS k (claim_id, fingerprint, key_id, ascii_armor) VALUES ($1, $2, $3, $4)
       ON CONFLICT ON CONSTRAINT uq_signing_key
       DO UPDATE SET ascii_armor = excluded.ascii_armor WHERE k.revoked_at IS NULL
       RETURNING id`,
      [key.claimId, key.fingerprint, key.keyId, key.asciiArmor],
    );
    return rows[0]?.id;
  }

  /** Notes the revocation of a key. */
  async markRevoked(
    id: string,
    mark: Pick<SigningKey, 'revokedAt' | 'revocationReason' | 'isCompromised'>,
  ): Promise<void> {
    await this.repository.update({ id }, mark);
  }

  /**
   * Quarantines the versions of a namespace that a publisher signed with this key; tombstones are marked, so that the
   * stored signature does not bring them back. The providers are locked first, in the order of their ids, so that
   * nothing is published into them meanwhile.
   */
  async quarantineSignedBy(
    foldedNamespace: string,
    fingerprint: string,
    reason: string,
  ): Promise<QuarantinedVersion[]> {
    const inNamespace = `lower(replace(p.namespace, '_', '-')) = $1 AND p.upstream_host = ''`;
    await this.manager.query(
      `SELECT FROM registry_providers p WHERE ${inNamespace} ORDER BY p.id FOR UPDATE`,
      [foldedNamespace],
    );
    const [rows]: [QuarantinedVersion[], number] = await this.manager.query(
      `UPDATE provider_versions v SET state_reason = $3, quarantined_at = now(),
         state = CASE v.state WHEN 'deleted' THEN 'deleted' ELSE 'quarantined' END
       FROM registry_providers p
       WHERE p.id = v.provider_id AND ${inNamespace} AND v.signed_by = 'publisher'
         AND v.signing_key_fingerprint = $2 AND v.state <> 'quarantined' AND v.quarantined_at IS NULL
       RETURNING v.provider_id AS "providerId", p.namespace, p.type, v.version, v.state = 'deleted' AS "isDeleted"`,
      [foldedNamespace, fingerprint, reason],
    );
    return rows;
  }
}
