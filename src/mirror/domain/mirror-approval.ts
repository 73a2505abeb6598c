import type { ApprovalState } from './mirror-policy.js';

/** A request to mirror a provider or a whole namespace, and how it was answered (REST contract, section 21). */
export interface MirrorApproval {
  readonly id: string;
  readonly mirrorId: string;
  /** In lower case, like type. */
  readonly namespace: string;
  /** `null`: the whole namespace. */
  readonly providerType: string | null;
  /** The exact text of the upstream; `null`: all versions. */
  readonly upstreamVersion: string | null;
  readonly reason: string | null;
  readonly status: 'pending' | 'approved' | 'rejected';
  readonly requestedBy: string | null;
  readonly requestedByName: string | null;
  readonly reviewedBy: string | null;
  readonly reviewedByName: string | null;
  readonly reviewedAt: Date | null;
  readonly reviewNotes: string | null;
  /** By the rules of the mirror, not by a person. */
  readonly isAutoApproved: boolean;
  /** An approved request counts until then; `null`: always. */
  readonly expiresAt: Date | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** A request with what is shown beside it. */
export interface ListedApproval extends MirrorApproval {
  readonly mirrorName: string;
  /** The organization of the mirror. */
  readonly organizationId: string | null;
}

/** What the gate looks at. */
export interface ApprovalFacts extends Pick<
  MirrorApproval,
  'status' | 'upstreamVersion' | 'reviewedAt' | 'isAutoApproved'
> {
  /** By the clock of the database. */
  readonly isExpired: boolean;
}

/**
 * What approvals say about a provider, or about one of its versions: the newest review decides, whatever its width. Of two
 * at the same instant the rejection counts. Without a review that counts a request may be pending.
 */
export function approvalStateOf(approvals: readonly ApprovalFacts[], version?: string): ApprovalState {
  const covering = approvals.filter(
    ({ upstreamVersion }) => upstreamVersion === null || upstreamVersion === version,
  );
  const newest = covering
    .filter(({ status }) => status !== 'pending')
    .reduce<ApprovalFacts | undefined>((best, one) => (isNewer(one, best) ? one : best), undefined);
  if (newest?.status === 'rejected') return 'rejected';
  if (newest?.status === 'approved' && !newest.isExpired) return 'approved';
  if (covering.some(({ status }) => status === 'pending')) return 'pending';
  return newest === undefined ? 'none' : 'expired';
}

/** Versions that have a review of their own. */
export function reviewedVersions(approvals: readonly ApprovalFacts[]): string[] {
  const versions = approvals.filter(({ status }) => status !== 'pending').map((one) => one.upstreamVersion);
  return [...new Set(versions.filter((version) => version !== null))];
}

function isNewer(one: ApprovalFacts, best: ApprovalFacts | undefined): boolean {
  if (best === undefined) return true;
  const order = (one.reviewedAt?.getTime() ?? 0) - (best.reviewedAt?.getTime() ?? 0);
  return order === 0 ? one.status === 'rejected' : order > 0;
}
