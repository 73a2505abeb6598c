import { Injectable } from '@nestjs/common';
import type { MirroredKey } from '../domain/decision-scope.js';
import { evaluatePolicies, type PolicyVerdict, type StoredMirrorPolicy } from '../domain/mirror-policy.js';
import type { Mirror } from '../domain/mirror.js';
import type { ProviderName } from '../domain/name-filter.js';
import { ProviderDecision } from '../domain/provider-decision.js';
import { MirrorApprovalsRepository } from '../persistence/mirror-approvals.repository.js';
import { MirrorDecisionsRepository } from '../persistence/mirror-decisions.repository.js';
import { MirrorPoliciesRepository } from '../persistence/mirror-policies.repository.js';

/** Puts together what policies and approvals of the database say now. */
@Injectable()
export class ProviderDecisions {
  constructor(
    private readonly policies: MirrorPoliciesRepository,
    private readonly approvals: MirrorApprovalsRepository,
    private readonly decisions: MirrorDecisionsRepository,
  ) {}

  /** What holds for a provider of a mirror. */
  async of(mirror: Mirror, { namespace, type }: ProviderName): Promise<ProviderDecision> {
    const key = { host: mirror.upstreamHost, namespace, type };
    return new ProviderDecision({
      mirror,
      verdict: await this.verdictOf(mirror.organizationId, key),
      approvals: await this.approvals.covering(mirror.id, namespace.toLowerCase(), type.toLowerCase()),
      now: await this.decisions.now(),
    });
  }

  /** What the policies of an organization and the global ones say; only the latter without an organization. */
  async verdictOf(
    organizationId: string | null,
    { host, namespace, type }: MirroredKey,
  ): Promise<PolicyVerdict<StoredMirrorPolicy>> {
    const policies = await this.policies.list(organizationId === null ? [] : [organizationId]);
    return evaluatePolicies(policies, organizationId ?? undefined, { registry: host, namespace, type });
  }
}
