import type { Scope } from '../../access/scope.js';

/** A named set of scopes that memberships refer to (REST contract 3.2). */
export interface RoleTemplate {
  readonly id: string;
  readonly name: string;
  readonly displayName: string;
  readonly description: string | null;
  readonly scopes: readonly Scope[];
  /** Made by the product; neither changed nor deleted. */
  readonly isSystem: boolean;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}
