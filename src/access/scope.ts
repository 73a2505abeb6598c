import { SCOPE_NAMES } from '../kernel/scope-names.js';

/** The scopes of REST contract 3.1, in the order of the contract. */
export const SCOPES = SCOPE_NAMES;

export type Scope = (typeof SCOPES)[number];

const IMPLIED: Partial<Record<Scope, Scope>> = {
  'modules:write': 'modules:read',
  'providers:write': 'providers:read',
  'mirrors:manage': 'mirrors:read',
  'users:write': 'users:read',
  'organizations:write': 'organizations:read',
  'scm:manage': 'scm:read',
};

/** Whether `name` is one of the fifteen scopes. */
export function isScope(name: string): name is Scope {
  return (SCOPES as readonly string[]).includes(name);
}

/** Whether holding `held` allows what `wanted` names: `admin` implies all, write and manage imply read. */
export function covers(held: Iterable<Scope>, wanted: Scope): boolean {
  for (const scope of held) {
    if (scope === 'admin' || scope === wanted || IMPLIED[scope] === wanted) return true;
  }
  return false;
}

/** What is allowed by both: a scope counts when each side holds it or something that implies it. */
export function intersectScopes(left: readonly Scope[], right: readonly Scope[]): Scope[] {
  return SCOPES.filter((scope) => covers(left, scope) && covers(right, scope));
}
