import type { Scope } from '../../access/scope.js';

/** A user in an organization, with the role of now. */
export interface Member {
  readonly organizationId: string;
  readonly userId: string;
  readonly userName: string;
  readonly userEmail: string;
  /** `null`: a member without any right. */
  readonly template: {
    readonly id: string;
    readonly name: string;
    readonly displayName: string;
    readonly scopes: readonly Scope[];
  } | null;
  /** `mapped`: given by a group of the identity provider, and taken away with it. */
  readonly source: MembershipSource;
  readonly createdAt: Date;
}

/** Who gave a membership: somebody by hand, or a group mapping. */
export type MembershipSource = 'manual' | 'mapped';

/** A role that the groups of a user ask for. */
export interface MappedRole {
  readonly organizationId: string;
  readonly roleTemplateId: string;
}
