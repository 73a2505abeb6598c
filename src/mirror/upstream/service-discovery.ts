import { UpstreamAnswerInvalid, UpstreamHasNoProviders } from '../domain/mirror.errors.js';
import { linkedUrl, type ProviderService, type UpstreamRegistry } from './upstream-registry.js';

/** Where the discovery document of an upstream is. */
export function discoveryUrl({ url }: UpstreamRegistry): URL {
  return new URL('/.well-known/terraform.json', url);
}

/**
 * Reads `providers.v1` of a discovery document as clients do: relative to the address it finally came from, nothing
 * appended. Throws {@link UpstreamHasNoProviders}, {@link UpstreamAnswerInvalid}.
 */
export function readServices(
  upstream: UpstreamRegistry,
  document: Readonly<Record<string, unknown>>,
  finalUrl: URL,
): ProviderService {
  const named = document['providers.v1'];
  if (typeof named !== 'string') throw new UpstreamHasNoProviders(upstream.url.host);
  const baseUrl = linkedUrl(named, finalUrl);
  if (baseUrl === undefined) {
    throw new UpstreamAnswerInvalid(
      finalUrl.host,
      'the services of the registry',
      'providers.v1 is no address that can be used: http or https, without credentials, and https stays https',
    );
  }
  return { upstream, baseUrl };
}
