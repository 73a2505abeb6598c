import { autoApprovalOf, hasRules } from './auto-approval.js';
import { approvalStateOf, reviewedVersions, type ApprovalFacts } from './mirror-approval.js';
import type { ProviderGate, VersionAdmission, VersionFacts } from './mirror-gate.js';
import { permissionOf, type Permission, type PolicyVerdict } from './mirror-policy.js';
import type { Mirror } from './mirror.js';

const DAY_MS = 86_400_000;

/** What decides about one provider of a mirror. */
export interface DecisionFacts {
  readonly mirror: Pick<Mirror, 'coolDownDays' | 'autoApproval'>;
  readonly verdict: PolicyVerdict;
  /** Those that cover the provider or versions of it. */
  readonly approvals: readonly ApprovalFacts[];
  /** By the clock of the database. */
  readonly now: Date;
}

/** Puts policies, approvals, rules and cool-down together (REST contract, sections 21 and 22). Pure. */
export class ProviderDecision implements ProviderGate {
  readonly permission: Permission;

  constructor(private readonly facts: DecisionFacts) {
    this.permission = permissionOf(facts.verdict, approvalStateOf(facts.approvals));
  }

  get mayAdmitVersions(): boolean {
    const { approvals, mirror } = this.facts;
    if (this.permission.kind !== 'needs-approval') return false;
    return (
      hasRules(mirror.autoApproval) ||
      reviewedVersions(approvals).some((version) => approvalStateOf(approvals, version) === 'approved')
    );
  }

  admits(version: VersionFacts): VersionAdmission {
    const standing = this.standingOf(version.version);
    if (standing.kind === 'denied') return { kind: 'needs-approval', reason: standing.reason };
    if (standing.kind === 'allowed') return this.afterCoolDown(version, false, false);
    const approval = autoApprovalOf(this.facts.mirror.autoApproval, {
      version: version.version,
      ageMs: this.facts.now.getTime() - version.firstSeenAt.getTime(),
      heldVersions: version.heldVersions,
    });
    if (approval.isApproved) return this.afterCoolDown(version, true, approval.needsKnownKey);
    const because = hasRules(this.facts.mirror.autoApproval)
      ? `; not approved by the rules of the mirror: ${approval.because}`
      : '';
    return { kind: 'needs-approval', reason: `${standing.reason}${because}` };
  }

  /** What policies and approvals say about one version, rules and cool-down aside. */
  standingOf(version: string): Permission {
    if (this.permission.kind === 'denied') return this.permission;
    const standing = permissionOf(this.facts.verdict, approvalStateOf(this.facts.approvals, version));
    return standing.kind === 'denied'
      ? { kind: 'denied', reason: 'The request to mirror this version was rejected' }
      : standing;
  }

  private afterCoolDown(
    version: VersionFacts,
    isAutoApproved: boolean,
    needsKnownKey: boolean,
  ): VersionAdmission {
    const days = this.facts.mirror.coolDownDays;
    const until = new Date(version.firstSeenAt.getTime() + days * DAY_MS);
    if (days > 0 && !version.isReleased && this.facts.now < until) {
      const reason = `First seen at ${version.firstSeenAt.toISOString()}; the mirror waits ${days} ${days === 1 ? 'day' : 'days'}`;
      return { kind: 'cooling-down', until, reason };
    }
    return { kind: 'admitted', needsKnownKey, isAutoApproved };
  }
}

/** What of a provider that is here must not be offered, with sentences that say why. */
export interface HeldBack {
  /** Why nothing of it may be; `undefined` when something may. */
  readonly provider?: string;
  /** Versions that may not while others may. */
  readonly versions: ReadonlyMap<string, string>;
}

/** Each version may be offered that at least one of the mirrors may offer that bring the provider. */
export function heldBackOf(
  mirrors: readonly Pick<ProviderDecision, 'permission' | 'standingOf'>[],
  versions: readonly string[],
): HeldBack {
  const general = firstReason(mirrors.map(({ permission }) => permission));
  const reasons = new Map<string, string>();
  for (const version of versions) {
    const reason = firstReason(mirrors.map((one) => one.standingOf(version)));
    if (reason !== undefined) reasons.set(version, reason);
  }
  if (reasons.size < versions.length) return { versions: reasons };
  const [first] = reasons;
  const provider = general ?? (first && `Version ${first[0]}: ${first[1]}`);
  return { ...(provider !== undefined && { provider }), versions: new Map() };
}

function firstReason(permissions: readonly Permission[]): string | undefined {
  const reasons = permissions.map((one) => (one.kind === 'allowed' ? undefined : one.reason));
  return reasons.includes(undefined) ? undefined : reasons[0];
}
