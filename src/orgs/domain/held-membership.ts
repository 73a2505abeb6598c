import type { Scope } from '../../access/scope.js';

/** A membership as the person sees it: the organization and the role in it. */
export interface HeldMembership {
  readonly userId: string;
  readonly organizationId: string;
  readonly organizationName: string;
  readonly isDefaultOrganization: boolean;
  /** `null` where no role was given. */
  readonly role: {
    readonly id: string;
    readonly name: string;
    readonly displayName: string;
    readonly scopes: readonly Scope[];
  } | null;
  readonly createdAt: Date;
}

/**
 * The membership with the most authority: `admin` before all else and in the default organization before others,
 * then the one with the most scopes, then the first by name of the organization.
 */
export function primaryMembership(memberships: readonly HeldMembership[]): HeldMembership | undefined {
  return [...memberships].sort(
    (left, right) =>
      weightOf(right) - weightOf(left) || (left.organizationName < right.organizationName ? -1 : 1),
  )[0];
}

function weightOf({ role, isDefaultOrganization }: HeldMembership): number {
  if (role === null) return -1;
  if (!role.scopes.includes('admin')) return role.scopes.length;
  return isDefaultOrganization ? 2_000 : 1_000;
}
