import type { PolicyVerdict, StoredMirrorPolicy } from '../domain/mirror-policy.js';
import type { MirrorPolicyDto, PolicyEvaluationDto } from './mirror-policies-api.dto.js';

/** `Policy` of REST contract 4. */
export function presentMirrorPolicy(
  policy: StoredMirrorPolicy,
  organizationNames: ReadonlyMap<string, string>,
): MirrorPolicyDto {
  const { organizationId, upstreamRegistry, namespacePattern, providerPattern } = policy;
  const organizationName = organizationId && organizationNames.get(organizationId);
  return {
    id: policy.id,
    ...(organizationId !== undefined && { organization_id: organizationId }),
    name: policy.name,
    ...(policy.description !== null && { description: policy.description }),
    policy_type: policy.type,
    ...(upstreamRegistry !== undefined && { upstream_registry: upstreamRegistry }),
    ...(namespacePattern !== undefined && { namespace_pattern: namespacePattern }),
    ...(providerPattern !== undefined && { provider_pattern: providerPattern }),
    priority: policy.priority,
    is_active: policy.isActive,
    requires_approval: policy.requiresApproval,
    created_at: policy.createdAt.toISOString(),
    updated_at: policy.updatedAt.toISOString(),
    ...(policy.createdBy !== null && { created_by: policy.createdBy }),
    ...(organizationName !== undefined && { organization_name: organizationName }),
    ...(policy.createdByName !== null && { created_by_name: policy.createdByName }),
  };
}

/** `matched_policy` is the name, because the page of policies shows it as it is. */
export function presentEvaluation(
  { isAllowed, requiresApproval, matched, reason }: PolicyVerdict<StoredMirrorPolicy>,
  organizationNames: ReadonlyMap<string, string>,
): PolicyEvaluationDto {
  return {
    allowed: isAllowed,
    requires_approval: requiresApproval,
    ...(matched && {
      matched_policy: matched.name,
      matched_policy_detail: presentMirrorPolicy(matched, organizationNames),
    }),
    reason,
  };
}
