import type { Scope } from '../../access/scope.js';
import { RoleExceedsOwn } from './members.errors.js';

/** What somebody can hand out in an organization. */
export interface Holding {
  /** Every single scope, implied ones too. */
  readonly scopes: readonly Scope[];
  /** The name of their own template; `''` where they have none. */
  readonly roleTemplate: string;
}

/** Nobody hands out more than they hold (REST contract 3.4, rule 5). Throws {@link RoleExceedsOwn}. */
export function assertCovered(given: readonly Scope[], holding: Holding): void {
  const excess = given.find((scope) => !holding.scopes.includes(scope));
  if (excess !== undefined) throw RoleExceedsOwn.byScope(excess, holding.scopes, holding.roleTemplate);
}
