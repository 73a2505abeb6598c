import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { Transactions } from '../../platform/database/transactions.js';
import { HELD_BACK } from '../../providers/mirrored-standing.service.js';
import type { DecisionScope, MirroredKey } from '../domain/decision-scope.js';

/** Apart from the other advisory locks. */
const DECISIONS = `hashtextextended('mirror decisions', 0)`;

const SAME_ADDRESS = `r.upstream_host = p.upstream_host AND lower(r.namespace) = lower(p.namespace)
  AND lower(r.provider_type) = p.type`;

/** What decides whether a mirrored provider is offered. */
export interface StandingOfMirrored {
  readonly providerId: string;
  readonly organizationId: string | null;
  /** Whether everybody who may read anything here may have it. */
  readonly isShared: boolean;
  readonly heldBackReason: string | null;
  /** Mirrors that bring it. */
  readonly mirrorIds: readonly string[];
  /** Whether something brought it that is no mirror, or no longer one. */
  readonly isWithoutMirror: boolean;
  /** Versions that are here, in the text of the upstream. */
  readonly versions: readonly string[];
  /** Those of them that decisions have held back, each with the reason. */
  readonly heldBackVersions: readonly (readonly [string, string])[];
}

/**
 * What is here by mirrors, as far as policies and approvals decide about it; and the lock that keeps a decision and the
 * arrival of something new apart. Joins the ambient transaction.
 */
@Injectable()
export class MirrorDecisionsRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** Until the transaction ends: waits for arrivals, and lets none begin. Comes before the locks of rows. */
  async lockDecisions(): Promise<void> {
    await this.manager.query(`SELECT pg_advisory_xact_lock(${DECISIONS})`);
  }

  /** Until the transaction ends: waits for decisions, and lets none begin. Comes before the locks of rows. */
  async holdDecisionsOff(): Promise<void> {
    await this.manager.query(`SELECT pg_advisory_xact_lock_shared(${DECISIONS})`);
  }

  /** Until the transaction ends: nobody else decides about this provider. */
  async lockProvider({ host, namespace, type }: MirroredKey): Promise<void> {
    await this.manager.query(
      `SELECT pg_advisory_xact_lock(hashtextextended('mirrored provider ' || $1, 0))`,
      [`${host}/${namespace}/${type}`],
    );
  }

  /** The clock of the database. */
  async now(): Promise<Date> {
    const [row]: { now: Date }[] = await this.manager.query('SELECT clock_timestamp() AS now');
    return row!.now;
  }

  /** Providers that are here by mirrors of this scope, in the order of their addresses, after one of them. */
  providersAfter(scope: DecisionScope, after: MirroredKey | null, limit: number): Promise<MirroredKey[]> {
    return this.manager.query(
      `SELECT p.upstream_host AS host, lower(p.namespace) AS namespace, p.type
       FROM registry_providers p
       WHERE p.upstream_host <> '' AND p.deleted_at IS NULL
         AND ($1::text IS NULL OR lower(p.namespace) = $1) AND ($2::text IS NULL OR p.type = $2)
         AND ($3::uuid IS NULL AND $4::uuid IS NULL OR EXISTS (
           SELECT FROM mirrored_providers r LEFT JOIN mirrors m ON m.id = r.mirror_id
           WHERE ${SAME_ADDRESS} AND (m.id = $3 OR m.organization_id = $4
             OR (m.id IS NULL AND p.organization_id = $4))))
         AND ($5::text IS NULL OR (p.upstream_host, lower(p.namespace), p.type) > ($5, $6, $7))
       ORDER BY 1, 2, 3 LIMIT $8`,
      [
        scope.namespace ?? null,
        scope.type ?? null,
        scope.mirrorId ?? null,
        scope.organizationId ?? null,
        after?.host ?? null,
        after?.namespace ?? null,
        after?.type ?? null,
        limit,
      ],
    );
  }

  /** What decides about one of them; `null` when nothing of it is here. */
  async standingOf({ host, namespace, type }: MirroredKey): Promise<StandingOfMirrored | null> {
    const rows: StandingOfMirrored[] = await this.manager.query(
      `SELECT p.id AS "providerId", p.organization_id AS "organizationId",
         p.held_back_reason AS "heldBackReason",
         EXISTS (SELECT FROM namespace_claims c
                 WHERE c.folded_name = p.upstream_host || '/' || lower(p.namespace) || '/' || p.type AND c.is_shared)
           AS "isShared",
         ARRAY(SELECT r.mirror_id FROM mirrored_providers r
               WHERE ${SAME_ADDRESS} AND r.mirror_id IS NOT NULL ORDER BY r.mirror_id) AS "mirrorIds",
         NOT EXISTS (SELECT FROM mirrored_providers r WHERE ${SAME_ADDRESS} AND r.mirror_id IS NOT NULL)
           OR EXISTS (SELECT FROM mirrored_providers r WHERE ${SAME_ADDRESS} AND r.mirror_id IS NULL)
           AS "isWithoutMirror",
         ARRAY(SELECT v.version FROM provider_versions v
               WHERE v.provider_id = p.id AND v.state <> 'deleted' ORDER BY v.version) AS versions,
         coalesce((SELECT json_agg(json_build_array(v.version, substr(v.state_reason, length($4) + 1)))
                   FROM provider_versions v
                   WHERE v.provider_id = p.id AND v.state = 'quarantined' AND starts_with(v.state_reason, $4)), '[]')
           AS "heldBackVersions"
       FROM registry_providers p
       WHERE p.upstream_host = $1 AND lower(p.namespace) = $2 AND p.type = $3 AND p.deleted_at IS NULL`,
      [host, namespace.toLowerCase(), type, HELD_BACK],
    );
    return rows[0] ?? null;
  }

  private get manager(): EntityManager {
    return Transactions.managerOf(this.dataSource);
  }
}
