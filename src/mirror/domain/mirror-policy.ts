import { Glob } from './glob.js';
import { InvalidPolicyPattern } from './mirror-settings.errors.js';
import type { ProviderName } from './name-filter.js';

const HOST = /^[0-9a-z](?:[0-9a-z.-]{0,251}[0-9a-z])?(?::[0-9]{1,5})?$/;

/** A rule about what mirrors may fetch (REST contract, section 22). */
export interface MirrorPolicy {
  readonly name: string;
  /** Absent: global. */
  readonly organizationId?: string;
  readonly type: 'allow' | 'deny';
  /** A host name, or an address of which the host name counts; absent: any. */
  readonly upstreamRegistry?: string;
  /** A name or glob; absent: any. */
  readonly namespacePattern?: string;
  /** A name or glob; absent: any. */
  readonly providerPattern?: string;
  /** The highest is asked first. */
  readonly priority: number;
  readonly isActive: boolean;
  readonly requiresApproval: boolean;
}

/** A policy as it is kept. */
export interface StoredMirrorPolicy extends MirrorPolicy {
  readonly id: string;
  readonly description: string | null;
  readonly createdBy: string | null;
  readonly createdByName: string | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** What the policies say about one provider. */
export interface PolicyVerdict<P extends MirrorPolicy = MirrorPolicy> {
  readonly isAllowed: boolean;
  readonly requiresApproval: boolean;
  /** The policy that decided. */
  readonly matched?: P;
  /** The sentence of the contract. */
  readonly reason: string;
}

/** The policies that exist from the start; all are global. */
export const BUILT_IN_POLICIES: readonly MirrorPolicy[] = [
  {
    name: 'default-allow-hashicorp',
    type: 'allow',
    upstreamRegistry: 'registry.terraform.io',
    namespacePattern: 'hashicorp',
    providerPattern: '*',
    priority: 100,
    isActive: true,
    requiresApproval: false,
  },
  {
    name: 'default-require-approval-other',
    type: 'allow',
    upstreamRegistry: 'registry.terraform.io',
    namespacePattern: '*',
    providerPattern: '*',
    priority: 0,
    isActive: true,
    requiresApproval: true,
  },
  {
    name: 'default-require-approval-any',
    type: 'allow',
    namespacePattern: '*',
    providerPattern: '*',
    priority: -100,
    isActive: true,
    requiresApproval: true,
  },
];

/** Throws {@link InvalidPolicyPattern} for a registry or pattern that could match nothing. */
export function checkPolicyPatterns(
  policy: Pick<MirrorPolicy, 'upstreamRegistry' | 'namespacePattern' | 'providerPattern'>,
): void {
  const { upstreamRegistry, namespacePattern, providerPattern } = policy;
  if (isSet(upstreamRegistry) && registryHost(upstreamRegistry) === undefined) {
    throw new InvalidPolicyPattern('upstream_registry', 'write a host name, e.g. registry.terraform.io');
  }
  const rule = 'use letters, digits, "-", "_", and "*" or "?" as wildcards';
  if (isSet(namespacePattern) && Glob.tryParse(namespacePattern) === undefined) {
    throw new InvalidPolicyPattern('namespace_pattern', rule);
  }
  if (isSet(providerPattern) && Glob.tryParse(providerPattern) === undefined) {
    throw new InvalidPolicyPattern('provider_pattern', rule);
  }
}

/** The host name (with a port that is not the usual one) of a registry written as name or address, in lower case. */
export function registryHost(text: string): string | undefined {
  const given = text.trim().toLowerCase();
  if (!given.includes('://')) return HOST.test(given) ? given.replace(/:443$/, '') : undefined;
  if (!/^https?:/.test(given) || !URL.canParse(given)) return undefined;
  return new URL(given).host;
}

/**
 * The policies of an organization and the global ones in the order in which they are asked: highest priority first, then
 * those of the organization, then those that deny, then by name.
 */
export function inEvaluationOrder<P extends MirrorPolicy>(
  policies: readonly P[],
  organizationId: string | undefined,
): P[] {
  return policies
    .filter((one) => !isSet(one.organizationId) || one.organizationId === organizationId)
    .sort(compareInEvaluation);
}

/** The order in which policies are asked, those of several organizations among each other by name. */
export function compareInEvaluation(left: MirrorPolicy, right: MirrorPolicy): number {
  return (
    right.priority - left.priority ||
    Number(!isSet(left.organizationId)) - Number(!isSet(right.organizationId)) ||
    Number(left.type === 'allow') - Number(right.type === 'allow') ||
    (left.name < right.name ? -1 : left.name > right.name ? 1 : 0)
  );
}

/** The first active policy that matches decides; without one nothing is allowed. */
export function evaluatePolicies<P extends MirrorPolicy>(
  policies: readonly P[],
  organizationId: string | undefined,
  asked: ProviderName & { readonly registry: string },
): PolicyVerdict<P> {
  const matched = inEvaluationOrder(policies, organizationId).find(
    (one) => one.isActive && matches(one, asked),
  );
  if (matched === undefined) {
    return { isAllowed: false, requiresApproval: false, reason: 'No matching policy found' };
  }
  const isAllowed = matched.type === 'allow';
  return {
    isAllowed,
    requiresApproval: isAllowed && matched.requiresApproval,
    matched,
    reason: `${isAllowed ? 'Allowed' : 'Denied'} by policy: ${matched.name}`,
  };
}

/** What somebody said about a request to mirror a provider; `none` when nobody asked. */
export type ApprovalState = 'none' | 'pending' | 'approved' | 'rejected' | 'expired';

/** Whether a provider may be fetched now. */
export type Permission =
  | { readonly kind: 'allowed' }
  | { readonly kind: 'denied'; readonly reason: string }
  | { readonly kind: 'needs-approval'; readonly isRequested: boolean; readonly reason: string };

/** Puts verdict and approval together (REST contract, sections 21 and 22). A rejected request blocks, an expired one counts as none. */
export function permissionOf(verdict: PolicyVerdict, approval: ApprovalState): Permission {
  if (!verdict.isAllowed) return { kind: 'denied', reason: verdict.reason };
  if (approval === 'rejected') {
    return { kind: 'denied', reason: 'The request to mirror this provider was rejected' };
  }
  if (!verdict.requiresApproval || approval === 'approved') return { kind: 'allowed' };
  return {
    kind: 'needs-approval',
    isRequested: approval === 'pending',
    reason: `Waiting for an approval, demanded by policy: ${verdict.matched?.name ?? ''}`,
  };
}

function matches(policy: MirrorPolicy, asked: ProviderName & { readonly registry: string }): boolean {
  const { upstreamRegistry, namespacePattern, providerPattern } = policy;
  const isOfRegistry =
    !isSet(upstreamRegistry) ||
    (registryHost(upstreamRegistry) !== undefined &&
      registryHost(upstreamRegistry) === registryHost(asked.registry));
  return isOfRegistry && fits(namespacePattern, asked.namespace) && fits(providerPattern, asked.type);
}

function fits(pattern: string | undefined, name: string): boolean {
  return !isSet(pattern) || (Glob.tryParse(pattern)?.matches(name) ?? false);
}

/** Empty text from a form or a row without a value both mean "any". */
function isSet(text: string | null | undefined): text is string {
  return text !== undefined && text !== null && text !== '';
}
