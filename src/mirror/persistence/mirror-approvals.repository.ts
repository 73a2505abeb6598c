import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { BaseRepository } from '../../platform/database/base.repository.js';
import { isUniqueViolation } from '../../platform/database/pg-errors.js';
import { MirrorApprovalPending } from '../domain/mirror-decisions.errors.js';
import type { ApprovalFacts, ListedApproval, MirrorApproval } from '../domain/mirror-approval.js';
import { MirrorApprovalEntity } from './mirror-approval.entity.js';
import type { MirrorOwners } from './mirrors.repository.js';

/** What is asked for; names in lower case. */
export type ApprovalSubject = Pick<
  MirrorApproval,
  'mirrorId' | 'namespace' | 'providerType' | 'upstreamVersion'
>;

/** A new request. */
export type NewApproval = ApprovalSubject &
  Pick<MirrorApproval, 'reason' | 'requestedBy' | 'requestedByName'>;

/** How a request is answered. */
export type ApprovalReview = Pick<
  MirrorApproval,
  'reviewedBy' | 'reviewedByName' | 'reviewNotes' | 'expiresAt'
> & { readonly status: 'approved' | 'rejected' };

/** An approval that is over, and of whom it was. */
export interface EndedApproval extends ApprovalSubject {
  readonly id: string;
  readonly organizationId: string | null;
  readonly expiresAt: Date;
}

const SAME_SUBJECT = `mirror_id = $1 AND namespace = $2 AND provider_type IS NOT DISTINCT FROM $3
  AND upstream_version IS NOT DISTINCT FROM $4`;

const ENDED = `SELECT id FROM mirror_approvals
  WHERE status = 'approved' AND expiry_applied_at IS NULL AND expires_at <= clock_timestamp()`;

/** Requests for approvals, and the answers. Joins the ambient transaction. */
@Injectable()
export class MirrorApprovalsRepository extends BaseRepository<MirrorApprovalEntity> {
  constructor(dataSource: DataSource) {
    super(MirrorApprovalEntity, dataSource);
  }

  /** Requests about mirrors of these owners, newest first. */
  list(
    owners: MirrorOwners,
    only: { readonly id?: string; readonly organizationId?: string; readonly status?: string } = {},
  ): Promise<ListedApproval[]> {
    const { organizations, isOfNone } = owners;
    return this.manager.query(
      `SELECT a.id, a.mirror_id AS "mirrorId", a.namespace, a.provider_type AS "providerType",
         a.upstream_version AS "upstreamVersion", a.reason, a.status, a.requested_by AS "requestedBy",
         a.requested_by_name AS "requestedByName", a.reviewed_by AS "reviewedBy",
         a.reviewed_by_name AS "reviewedByName", a.reviewed_at AS "reviewedAt", a.review_notes AS "reviewNotes",
         a.is_auto_approved AS "isAutoApproved", a.expires_at AS "expiresAt", a.created_at AS "createdAt",
         a.updated_at AS "updatedAt", m.name AS "mirrorName", m.organization_id AS "organizationId"
       FROM mirror_approvals a JOIN mirrors m ON m.id = a.mirror_id
       WHERE ($1::uuid[] IS NULL OR m.organization_id = ANY($1) OR ($2 AND m.organization_id IS NULL))
         AND ($3::uuid IS NULL OR a.id = $3)
         AND ($4::uuid IS NULL OR m.organization_id = $4)
         AND ($5::text IS NULL OR a.status = $5)
       ORDER BY a.created_at DESC, a.id DESC`,
      [
        organizations === 'all' ? null : organizations,
        isOfNone,
        only.id ?? null,
        only.organizationId ?? null,
        only.status ?? null,
      ],
    );
  }

  /** What people and rules said about a provider, its namespace and its versions; names in lower case. */
  covering(mirrorId: string, namespace: string, type: string): Promise<ApprovalFacts[]> {
    return this.manager.query(
      `SELECT status, upstream_version AS "upstreamVersion", reviewed_at AS "reviewedAt",
         is_auto_approved AS "isAutoApproved",
         coalesce(expires_at <= clock_timestamp(), false) AS "isExpired"
       FROM mirror_approvals
       WHERE mirror_id = $1 AND namespace = $2 AND (provider_type IS NULL OR provider_type = $3)`,
      [mirrorId, namespace, type],
    );
  }

  /** The request, locked until the transaction ends. */
  lock(id: string): Promise<MirrorApproval | null> {
    return this.repository.findOne({ where: { id }, lock: { mode: 'pessimistic_write' } });
  }

  /** Stores a request, and answers its id. Throws {@link MirrorApprovalPending}. */
  async add(request: NewApproval): Promise<string> {
    try {
      const { identifiers } = await this.repository.insert(request);
      return String(identifiers[0]?.['id']);
    } catch (error) {
      throw isUniqueViolation(error, 'uq_mirror_approval_pending') ? new MirrorApprovalPending() : error;
    }
  }

  /** Stores a request unless the same is pending, or `maxPending` of the mirror are; answers its id. */
  async addUnlessPending(request: NewApproval, maxPending: number): Promise<string | undefined> {
    const rows: { id: string }[] = await this.manager.query(
      `INSERT INTO mirror_approvals
         (mirror_id, namespace, provider_type, upstream_version, reason, requested_by, requested_by_name)
       SELECT $1, $2, $3, $4, $5, $6, $7
       WHERE (SELECT count(*) FROM mirror_approvals WHERE mirror_id = $1 AND status = 'pending') < $8
       ON CONFLICT DO NOTHING RETURNING id`,
      [
        request.mirrorId,
        request.namespace,
        request.providerType,
        request.upstreamVersion,
        request.reason,
        request.requestedBy,
        request.requestedByName,
        maxPending,
      ],
    );
    return rows[0]?.id;
  }

  /** Answers a request, now by the clock of the database. */
  async review(id: string, review: ApprovalReview): Promise<void> {
    await this.manager.query(
      `UPDATE mirror_approvals SET status = $2, reviewed_by = $3, reviewed_by_name = $4, review_notes = $5,
         expires_at = $6, expiry_applied_at = NULL, reviewed_at = clock_timestamp(), updated_at = clock_timestamp() WHERE id = $1`,
      [id, review.status, review.reviewedBy, review.reviewedByName, review.reviewNotes, review.expiresAt],
    );
  }

  /**
   * Records that rules approved something: the pending request for exactly this is answered, else an answered one is
   * added. Answers its id; `undefined` when rules approved it before.
   */
  async approveByRules(subject: ApprovalSubject): Promise<string | undefined> {
    const values = [subject.mirrorId, subject.namespace, subject.providerType, subject.upstreamVersion];
    const [answered]: [{ id: string }[], number] = await this.manager.query(
      `UPDATE mirror_approvals SET status = 'approved', is_auto_approved = true,
         reviewed_at = clock_timestamp(), updated_at = clock_timestamp()
       WHERE ${SAME_SUBJECT} AND status = 'pending' RETURNING id`,
      values,
    );
    if (answered[0] !== undefined) return answered[0].id;
    const added: { id: string }[] = await this.manager.query(
      `INSERT INTO mirror_approvals
         (mirror_id, namespace, provider_type, upstream_version, status, is_auto_approved, reviewed_at)
       SELECT $1, $2, $3, $4, 'approved', true, clock_timestamp()
       WHERE NOT EXISTS (
         SELECT FROM mirror_approvals WHERE ${SAME_SUBJECT} AND status = 'approved' AND is_auto_approved)
       RETURNING id`,
      values,
    );
    return added[0]?.id;
  }

  /** Whether an approval is over and nothing followed from it yet. */
  async hasEnded(): Promise<boolean> {
    const [row]: { ended: boolean }[] = await this.manager.query(`SELECT EXISTS (${ENDED}) AS ended`);
    return row!.ended;
  }

  /** Marks approvals that are over by the clock of the database, at most `limit`, and answers them. */
  async takeEnded(limit: number): Promise<EndedApproval[]> {
    const [rows]: [EndedApproval[], number] = await this.manager.query(
      `UPDATE mirror_approvals a SET expiry_applied_at = clock_timestamp()
       FROM mirrors m
       WHERE m.id = a.mirror_id AND a.id IN (
         ${ENDED} ORDER BY expires_at LIMIT $1 FOR UPDATE SKIP LOCKED)
       RETURNING a.id, a.mirror_id AS "mirrorId", a.namespace, a.provider_type AS "providerType",
         a.upstream_version AS "upstreamVersion", a.expires_at AS "expiresAt",
         m.organization_id AS "organizationId"`,
      [limit],
    );
    return rows;
  }
}
