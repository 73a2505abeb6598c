import { InvalidInput } from '../kernel/invalid-input.js';
import { isScope, type Scope } from './scope.js';

/**
 * Reads the scopes of a request, each once; `organizations:manage` is another name for `organizations:write`
 * (REST contract 3.1). Throws `InvalidInput` for an unknown name and for none at all.
 */
export function parseScopes(names: readonly string[]): Scope[] {
  const scopes = names.map((name) => (name === 'organizations:manage' ? 'organizations:write' : name));
  const unknown = scopes.find((name) => !isScope(name));
  if (unknown !== undefined) throw new InvalidInput(`Invalid scopes: invalid scope: ${unknown}`);
  if (scopes.length === 0) throw new InvalidInput('Invalid scopes: at least one is needed');
  return [...new Set(scopes as Scope[])];
}
