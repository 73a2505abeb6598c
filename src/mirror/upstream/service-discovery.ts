import { UpstreamAnswerInvalid, UpstreamHasNoProviders } from '../domain/mirror.errors.js';
import { UpstreamHasNoModules } from '../domain/module-source.errors.js';
import { assertUsable, mediaTypeOf } from './answer-status.js';
import type { ModuleService } from './module-registry-client.js';
import { type JsonObject, parseObject } from './registry-responses.js';
import type { UpstreamFetch } from './upstream-fetch.js';
import { linkedUrl, type ProviderService, type UpstreamRegistry } from './upstream-registry.js';

const WHAT = 'the services of the registry';
const MAX_BYTES = 1024 * 1024;

/** A discovery document, and the address it finally came from. */
export interface DiscoveryDocument {
  readonly upstream: UpstreamRegistry;
  readonly services: JsonObject;
  readonly finalUrl: URL;
}

/** Asks an upstream for its discovery document. Throws a `MirrorFailure`. */
export async function askServices(
  fetcher: UpstreamFetch,
  upstream: UpstreamRegistry,
  signal: AbortSignal | undefined,
): Promise<DiscoveryDocument> {
  const url = new URL('/.well-known/terraform.json', upstream.url);
  const request = { what: WHAT, maxBytes: MAX_BYTES, upstream, accept: 'application/json' };
  const answer = await fetcher.read(url, signal === undefined ? request : { ...request, signal });
  assertUsable(answer, WHAT);
  if (mediaTypeOf(answer.response.headers) !== 'application/json') {
    throw new UpstreamAnswerInvalid(answer.url.host, WHAT, 'its media type is not application/json');
  }
  const services = parseObject(answer.body, { url: answer.url, what: WHAT });
  return { upstream, services, finalUrl: answer.url };
}

/**
 * Reads `providers.v1` of a discovery document as clients do: relative to the address it finally came from, nothing
 * appended. Throws {@link UpstreamHasNoProviders}, {@link UpstreamAnswerInvalid}.
 */
export function readProviderService({ upstream, services, finalUrl }: DiscoveryDocument): ProviderService {
  const named = services['providers.v1'];
  if (typeof named !== 'string') throw new UpstreamHasNoProviders(upstream.url.host);
  return { upstream, baseUrl: addressOf('providers.v1', named, finalUrl) };
}

/**
 * Reads `modules.v1` of a discovery document: clients append a slash when there is none. Throws
 * {@link UpstreamHasNoModules}, {@link UpstreamAnswerInvalid}.
 */
export function readModuleService({ upstream, services, finalUrl }: DiscoveryDocument): ModuleService {
  const named = services['modules.v1'];
  if (typeof named !== 'string') throw new UpstreamHasNoModules(upstream.url.host);
  const baseUrl = addressOf('modules.v1', named, finalUrl);
  if (!baseUrl.pathname.endsWith('/')) baseUrl.pathname += '/';
  return { upstream, baseUrl };
}

function addressOf(service: string, named: string, finalUrl: URL): URL {
  const baseUrl = linkedUrl(named, finalUrl);
  if (baseUrl !== undefined) return baseUrl;
  throw new UpstreamAnswerInvalid(
    finalUrl.host,
    WHAT,
    `${service} is no address that can be used: http or https, without credentials, and https stays https`,
  );
}
