import type { ProviderName } from '../domain/name-filter.js';

/** The name of a module in policies and approvals: no provider has a slash in its type. */
export function gatedName({
  namespace,
  name,
  system,
}: {
  readonly namespace: string;
  readonly name: string;
  readonly system: string;
}): ProviderName {
  return { namespace, type: `${name}/${system}` };
}
