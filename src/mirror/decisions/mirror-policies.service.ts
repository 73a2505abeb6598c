import { Injectable } from '@nestjs/common';
import type { IdentifiedPrincipal } from '../../access/principal.js';
import { AuditLog } from '../../audit/audit-log.service.js';
import { InvalidInput } from '../../kernel/invalid-input.js';
import { isUuid } from '../../kernel/uuid.js';
import { MirrorPolicyNotFound } from '../domain/mirror-decisions.errors.js';
import {
  checkPolicyPatterns,
  compareInEvaluation,
  registryHost,
  type PolicyVerdict,
  type StoredMirrorPolicy,
} from '../domain/mirror-policy.js';
import type { ProviderName } from '../domain/name-filter.js';
import { MirrorPolicyAccess } from './mirror-policy-access.service.js';
import { MirrorReevaluation } from './mirror-reevaluation.service.js';
import {
  MirrorPoliciesRepository,
  type MirrorPolicyContent,
} from '../persistence/mirror-policies.repository.js';
import { ProviderDecisions } from './provider-decisions.service.js';

/** What people decide about a policy; absent stays as it is, `null` and `''` mean "any" or "none". */
export type MirrorPolicyInput = Partial<MirrorPolicyContent>;

/** Policies about what mirrors may fetch and offer (REST contract, section 22). */
@Injectable()
export class MirrorPolicies {
  constructor(
    private readonly policies: MirrorPoliciesRepository,
    private readonly access: MirrorPolicyAccess,
    private readonly decisions: ProviderDecisions,
    private readonly reevaluation: MirrorReevaluation,
    private readonly audit: AuditLog,
  ) {}

  /** Global policies and those that the caller may see, or only those of one organization, in evaluation order. */
  async list(principal: IdentifiedPrincipal, organizationId?: string): Promise<StoredMirrorPolicy[]> {
    const visible =
      organizationId === undefined
        ? this.access.visible(principal)
        : this.access.seenOf(principal, [idOf(organizationId, 'organization')]);
    return (await this.policies.list(visible)).sort(compareInEvaluation);
  }

  /** The policy with this id. Throws {@link MirrorPolicyNotFound} to who may not see it. */
  async get(principal: IdentifiedPrincipal, id: string): Promise<StoredMirrorPolicy> {
    const policy = await this.policies.find(idOf(id, 'policy'));
    if (policy === null || !this.access.sees(principal, policy)) throw new MirrorPolicyNotFound();
    return policy;
  }

  /**
   * Adds a policy of an organization, or a global one. Throws `InvalidPolicyPattern`, `MirrorPolicyNameTaken`,
   * `OrganizationNotFound`, `OrganizationScopeMissing`.
   */
  async create(
    principal: IdentifiedPrincipal,
    wantedOrganization: string | null,
    input: MirrorPolicyInput & Pick<MirrorPolicyContent, 'name' | 'policyType'>,
  ): Promise<StoredMirrorPolicy> {
    const organizationId = wantedOrganization && idOf(wantedOrganization, 'organization');
    await this.access.assertMayDecideFor(principal, organizationId);
    const content = cleaned({ ...NOTHING_SET, ...input });
    return this.reevaluation.decide(async () => {
      const policy = await this.policies.add({
        ...content,
        organizationId,
        createdBy: principal.userId,
        createdByName: principal.name,
      });
      await this.record(policy, undefined, policy);
      return { result: policy, scope: scopeOf(policy) };
    });
  }

  /** Changes a policy. Throws {@link MirrorPolicyNotFound} and like {@link create}. */
  async change(
    principal: IdentifiedPrincipal,
    id: string,
    input: MirrorPolicyInput,
  ): Promise<StoredMirrorPolicy> {
    const { organizationId = null } = await this.get(principal, id);
    await this.access.assertMayDecideFor(principal, organizationId);
    const content = cleaned(input);
    return this.reevaluation.decide(async () => {
      const before = await this.locked(id);
      const after = await this.policies.update(before.id, content);
      await this.record(after, before, after);
      return { result: after, scope: scopeOf(after) };
    });
  }

  /** Deletes a policy. Throws {@link MirrorPolicyNotFound}, `OrganizationScopeMissing`. */
  async delete(principal: IdentifiedPrincipal, id: string): Promise<void> {
    const { organizationId = null } = await this.get(principal, id);
    await this.access.assertMayDecideFor(principal, organizationId);
    await this.reevaluation.decide(async () => {
      const before = await this.locked(id);
      await this.policies.remove(before.id);
      await this.record(before, before, undefined);
      return { result: undefined, scope: scopeOf(before) };
    });
  }

  /** What the policies say about a provider; those of an organization that the caller may not see are left out. */
  async evaluate(
    principal: IdentifiedPrincipal,
    organizationId: string | undefined,
    { registry, namespace, type }: ProviderName & { readonly registry: string },
  ): Promise<PolicyVerdict<StoredMirrorPolicy>> {
    const host = registryHost(registry);
    if (host === undefined) {
      const reason = 'registry must be a host name, e.g. registry.terraform.io';
      throw new InvalidInput(reason, { fields: { registry: reason } });
    }
    const wanted = organizationId ? [idOf(organizationId, 'organization')] : [];
    const [seen] = this.access.seenOf(principal, wanted);
    return this.decisions.verdictOf(seen ?? null, { host, namespace, type });
  }

  private async locked(id: string): Promise<StoredMirrorPolicy> {
    const policy = await this.policies.lock(id);
    if (policy === null) throw new MirrorPolicyNotFound();
    return policy;
  }

  private async record(
    { id, organizationId }: StoredMirrorPolicy,
    before: StoredMirrorPolicy | undefined,
    after: StoredMirrorPolicy | undefined,
  ): Promise<void> {
    await this.audit.record({
      resource: 'policy',
      resourceId: id,
      organizationId: organizationId ?? null,
      before: before && shownOf(before),
      after: after && shownOf(after),
    });
  }
}

const NOTHING_SET = {
  description: null,
  upstreamRegistry: null,
  namespacePattern: null,
  providerPattern: null,
  priority: 0,
  isActive: true,
  requiresApproval: false,
} as const;

const CLEARABLE = ['description', 'upstreamRegistry', 'namespacePattern', 'providerPattern'] as const;

/** Empty text becomes `null`, patterns are checked, fields that are not set are left out. */
function cleaned<I extends MirrorPolicyInput>(input: I): I {
  const set = Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined)) as I;
  for (const field of CLEARABLE) {
    if (field in set) set[field] = (set[field]?.trim() || null) as I[typeof field];
  }
  const { upstreamRegistry, namespacePattern, providerPattern } = set;
  checkPolicyPatterns({
    ...(upstreamRegistry && { upstreamRegistry }),
    ...(namespacePattern && { namespacePattern }),
    ...(providerPattern && { providerPattern }),
  });
  return set;
}

function idOf(text: string, what: 'organization' | 'policy'): string {
  if (!isUuid(text)) throw new InvalidInput(`Invalid ${what} ID`);
  return text.toLowerCase();
}

/** A policy of an organization concerns its mirrors, a global one all. */
function scopeOf({ organizationId }: StoredMirrorPolicy): { organizationId?: string } {
  return organizationId === undefined ? {} : { organizationId };
}

function shownOf(policy: StoredMirrorPolicy): Record<string, unknown> {
  return {
    name: policy.name,
    description: policy.description,
    policy_type: policy.type,
    upstream_registry: policy.upstreamRegistry ?? null,
    namespace_pattern: policy.namespacePattern ?? null,
    provider_pattern: policy.providerPattern ?? null,
    priority: policy.priority,
    is_active: policy.isActive,
    requires_approval: policy.requiresApproval,
  };
}
