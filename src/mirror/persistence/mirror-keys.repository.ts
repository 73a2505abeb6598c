import { Injectable } from '@nestjs/common';
import { DataSource, In } from 'typeorm';
import { BaseRepository } from '../../platform/database/base.repository.js';
import type { Page, PageRequest } from '../../kernel/page.js';
import { EVERY_NAMESPACE, type MirrorKey, type SignedVersion } from '../domain/mirror-key.js';
import type { Mirror } from '../domain/mirror.js';
import { MirrorKeyEntity } from './mirror-key.entity.js';

/** Which key, and where. */
export type MirrorKeyFacts = Pick<MirrorKey, 'mirrorId' | 'namespace' | 'fingerprint' | 'armor' | 'source'>;

/** What somebody decided about a key. The time comes from the database. */
export interface KeyDecision {
  readonly state: 'pinned' | 'revoked';
  readonly decidedBy: string | null;
  readonly decidedByName: string | null;
}

/** Versions of one provider that a key signed, in the text of the upstream. */
export interface SignedProvider {
  readonly host: string;
  readonly namespace: string;
  readonly type: string;
  readonly versions: string[];
}

/** Keys of mirrors. Joins the ambient transaction. */
@Injectable()
export class MirrorKeysRepository extends BaseRepository<MirrorKeyEntity> {
  constructor(dataSource: DataSource) {
    super(MirrorKeyEntity, dataSource);
  }

  /** All keys of a mirror, by namespace, oldest first. */
  list(mirrorId: string): Promise<MirrorKey[]> {
    return this.repository.find({
      where: { mirrorId },
      order: { namespace: 'ASC', firstSeenAt: 'ASC', id: 'ASC' },
    });
  }

  /** The keys of a namespace and those for all namespaces, oldest first. */
  covering(mirrorId: string, namespace: string): Promise<MirrorKey[]> {
    return this.repository.find({
      where: { mirrorId, namespace: In([namespace, EVERY_NAMESPACE]) },
      order: { firstSeenAt: 'ASC', id: 'ASC' },
    });
  }

  /** One key of a mirror. */
  find(mirrorId: string, id: string): Promise<MirrorKey | null> {
    return this.repository.findOneBy({ mirrorId, id });
  }

  /** What is here of the providers of the mirror and is signed with the key, by address and version. */
  async signedBy(
    { mirrorId, fingerprint, namespace }: Pick<MirrorKey, 'mirrorId' | 'fingerprint' | 'namespace'>,
    { page, perPage }: PageRequest,
  ): Promise<Page<SignedVersion>> {
    const signed = `FROM mirrored_providers m
      JOIN registry_providers p ON p.id = m.provider_id
      JOIN provider_versions v ON v.provider_id = p.id
      WHERE m.mirror_id = $1 AND v.signing_key_fingerprint = $2 AND v.state <> 'deleted'
        AND ($3 = '${EVERY_NAMESPACE}' OR lower(p.namespace) = $3)`;
    const facts = [mirrorId, fingerprint, namespace];
    const [counted]: { total: number }[] = await this.manager.query(
      `SELECT count(*)::integer AS total ${signed}`,
      facts,
    );
    const items: SignedVersion[] = await this.manager.query(
      `SELECT p.namespace, p.type, v.version, v.state, v.state_reason AS "stateReason" ${signed} ORDER BY p.namespace, p.type, v.version LIMIT $4 OFFSET $5`,
      [...facts, perPage, (page - 1) * perPage],
    );
    return { items, page, perPage, total: counted!.total };
  }

  /**
   * What the key signed of the providers that the mirror brings and that are here for its organization, quarantined or
   * not; in an order in which all who change many providers go.
   */
  servedBy(
    { id, organizationId }: Pick<Mirror, 'id' | 'organizationId'>,
    { fingerprint, namespace }: Pick<MirrorKey, 'fingerprint' | 'namespace'>,
  ): Promise<SignedProvider[]> {
    return this.manager.query(
      `SELECT p.upstream_host AS host, p.namespace, p.type, array_agg(v.version) AS versions
       FROM registry_providers p
       JOIN namespace_claims c ON c.folded_name = p.upstream_host || '/' || lower(p.namespace) || '/' || p.type
       JOIN provider_versions v ON v.provider_id = p.id
       WHERE p.deleted_at IS NULL AND v.signing_key_fingerprint = $2 AND v.state <> 'deleted'
         AND ($3 = '${EVERY_NAMESPACE}' OR lower(p.namespace) = $3)
         AND CASE WHEN $4::uuid IS NULL THEN c.is_shared ELSE NOT c.is_shared AND c.organization_id = $4 END
         AND EXISTS (SELECT FROM mirrored_providers m
           WHERE m.mirror_id = $1 AND m.upstream_host = p.upstream_host
             AND lower(m.namespace) = lower(p.namespace) AND lower(m.provider_type) = p.type)
       GROUP BY p.id ORDER BY p.type, p.upstream_host, p.namespace`,
      [id, fingerprint, namespace, organizationId],
    );
  }

  /** Whether the mirror is there; nobody else decides about its keys until the transaction ends. */
  async lockMirror(mirrorId: string): Promise<boolean> {
    const rows: unknown[] = await this.manager.query(`SELECT FROM mirrors WHERE id = $1 FOR NO KEY UPDATE`, [
      mirrorId,
    ]);
    return rows.length > 0;
  }

  /** Adds a key as seen; gives its id and whether it is new. One that is there stays as it is. */
  async addSeen(key: MirrorKeyFacts): Promise<{ id: string; isNew: boolean }> {
    const { mirrorId, namespace, fingerprint, armor, source } = key;
    const [added]: { id: string }[] = await this.manager.query(
      `INSERT INTO mirror_keys (mirror_id, namespace, fingerprint, armor, state, source)
       VALUES ($1, $2, $3, $4, 'seen', $5)
       ON CONFLICT ON CONSTRAINT uq_mirror_key DO NOTHING RETURNING id`,
      [mirrorId, namespace, fingerprint, armor, source],
    );
    if (added !== undefined) return { id: added.id, isNew: true };
    const known = await this.repository.findOneByOrFail({ mirrorId, namespace, fingerprint });
    return { id: known.id, isNew: false };
  }

  /** Pins a key, with this armor; gives its id. */
  async pin(key: MirrorKeyFacts, by: Omit<KeyDecision, 'state'>): Promise<string> {
    const { mirrorId, namespace, fingerprint, armor, source } = key;
    const [row]: { id: string }[] = await this.manager.query(
      `INSERT INTO mirror_keys
         (mirror_id, namespace, fingerprint, armor, state, source, decided_by, decided_by_name, decided_at)
       VALUES ($1, $2, $3, $4, 'pinned', $5, $6, $7, now())
       ON CONFLICT ON CONSTRAINT uq_mirror_key DO UPDATE SET armor = excluded.armor, state = 'pinned',
         decided_by = excluded.decided_by, decided_by_name = excluded.decided_by_name, decided_at = now()
       RETURNING id`,
      [mirrorId, namespace, fingerprint, armor, source, by.decidedBy, by.decidedByName],
    );
    return row!.id;
  }

  /** Notes what somebody decided about a key. */
  async decide(id: string, { state, decidedBy, decidedByName }: KeyDecision): Promise<void> {
    await this.manager.query(
      `UPDATE mirror_keys SET state = $2, decided_by = $3, decided_by_name = $4, decided_at = now() WHERE id = $1`,
      [id, state, decidedBy, decidedByName],
    );
  }
}
