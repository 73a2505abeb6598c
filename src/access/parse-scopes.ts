import { InvalidInput } from '../kernel/invalid-input.js';
import { isScope, type Scope } from './scope.js';

/** What somebody may have meant as the name of a scope. Anything else may be a secret, and is not repeated. */
const LIKE_A_SCOPE = /^[a-z_*]{1,24}(?::[a-z_*]{1,24})?$/;

/**
 * Reads the scopes of a request, each once; `organizations:manage` is another name for `organizations:write`
 * (REST contract 3.1). Throws `InvalidInput` for an unknown name and for none at all.
 */
export function parseScopes(names: readonly string[]): Scope[] {
  const scopes = names.map((name) => (name === 'organizations:manage' ? 'organizations:write' : name));
  const unknown = scopes.find((name) => !isScope(name));
  if (unknown !== undefined) {
    const shown = LIKE_A_SCOPE.test(unknown) ? unknown : 'no name of one';
    throw new InvalidInput(`Invalid scopes: invalid scope: ${shown}`);
  }
  if (scopes.length === 0) throw new InvalidInput('Invalid scopes: at least one is needed');
  return [...new Set(scopes as Scope[])];
}
