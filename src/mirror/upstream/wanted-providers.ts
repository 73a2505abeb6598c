import type { NameFilter, ProviderName } from '../domain/name-filter.js';
import type { ProviderNames, RegistryClient } from './registry-client.js';
import type { ProviderService } from './upstream-registry.js';

/**
 * The providers that a filter wants of an upstream, by name. Those named exactly are not looked for: whether they exist
 * shows when their versions are asked for. Throws a `MirrorFailure` when a list that is needed cannot be had.
 */
export async function findWantedProviders(
  client: RegistryClient,
  service: ProviderService,
  filter: NameFilter,
  signal?: AbortSignal,
): Promise<ProviderNames> {
  const found = new Map<string, ProviderName>();
  const unreadable: ProviderNames['unreadable'][number][] = [];
  for (const query of filter.queries) {
    if (query.kind === 'provider') {
      found.set(`${query.namespace}/${query.type}`, { namespace: query.namespace, type: query.type });
      continue;
    }
    const namespace = query.kind === 'namespace' ? query.namespace : undefined;
    const listed = await client.listProviders(service, namespace, signal);
    for (const name of listed.names) {
      if (filter.wants(name)) found.set(`${name.namespace}/${name.type}`, name);
    }
    unreadable.push(...listed.unreadable);
  }
  const names = [...found].sort(([left], [right]) => (left < right ? -1 : 1)).map(([, name]) => name);
  return { names, unreadable };
}
