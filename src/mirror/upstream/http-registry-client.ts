import { Injectable } from '@nestjs/common';
import type { Platform } from '../../kernel/terraform/platform.js';
import { UpstreamAnswerInvalid } from '../domain/mirror.errors.js';
import type { ProviderName } from '../domain/name-filter.js';
import type { UnreadableLine } from '../domain/provider-listing.js';
import { assertUsable } from './answer-status.js';
import {
  RegistryClient,
  type ListingAnswer,
  type PackageDocument,
  type ProviderNames,
} from './registry-client.js';
import {
  parseListing,
  parseObject,
  parsePackageDocument,
  parseProviderPage,
  type AnswerOrigin,
  type JsonObject,
} from './registry-responses.js';
import { askServices, readProviderService } from './service-discovery.js';
import { UpstreamFetch, type WholeAnswer } from './upstream-fetch.js';
import type { ProviderService, UpstreamRegistry } from './upstream-registry.js';

const MIB = 1024 * 1024;
const MAX_BYTES = { page: 4 * MIB, versions: 8 * MIB, package: 4 * MIB } as const;
const PAGE = 100;
const MAX_PAGES = 500;
const MAX_UNREADABLE = 100;
const ETAG = /^(?:W\/)?"[\x21\x23-\x7e]{0,256}"$/;

/** Asks registries over HTTP, as their protocol says. */
@Injectable()
export class HttpRegistryClient extends RegistryClient {
  constructor(private readonly fetcher: UpstreamFetch) {
    super();
  }

  async discover(upstream: UpstreamRegistry, signal?: AbortSignal): Promise<ProviderService> {
    return readProviderService(await askServices(this.fetcher, upstream, signal));
  }

  async listProviders(
    service: ProviderService,
    namespace?: string,
    signal?: AbortSignal,
  ): Promise<ProviderNames> {
    const what =
      namespace === undefined
        ? 'a list of its providers (not every registry has one; name namespaces and providers instead)'
        : `a list of the providers of ${namespace} (not every registry has one; name the providers instead)`;
    const url = listUrl(service, namespace?.toLowerCase());
    const names = new Map<string, ProviderName>();
    const unreadable: UnreadableLine[] = [];
    for (let page = 0, offset = 0; page < MAX_PAGES; page += 1) {
      url.searchParams.set('limit', String(PAGE));
      url.searchParams.set('offset', String(offset));
      const [document, origin] = await this.document(url, what, MAX_BYTES.page, service, signal);
      const found = parseProviderPage(document, origin);
      for (const name of found.names) {
        if (namespace === undefined || name.namespace === namespace.toLowerCase()) {
          names.set(`${name.namespace}/${name.type}`, name);
        }
      }
      unreadable.push(...found.unreadable.slice(0, MAX_UNREADABLE - unreadable.length));
      if (found.nextOffset === undefined) return { names: [...names.values()], unreadable };
      if (found.nextOffset <= offset) {
        throw new UpstreamAnswerInvalid(origin.url.host, what, 'its pages go round in a circle');
      }
      offset = found.nextOffset;
    }
    throw new UpstreamAnswerInvalid(url.host, what, `it has more than ${MAX_PAGES} pages`);
  }

  async versions(
    service: ProviderService,
    { namespace, type }: ProviderName,
    known: { readonly etag?: string } = {},
    signal?: AbortSignal,
  ): Promise<ListingAnswer> {
    const what = `the versions of ${namespace}/${type}`;
    const sent = known.etag !== undefined && ETAG.test(known.etag) ? known.etag : undefined;
    const answer = await this.ask(protocolUrl(service, namespace, type, 'versions'), {
      what,
      maxBytes: MAX_BYTES.versions,
      upstream: service.upstream,
      signal,
      ...(sent !== undefined && { etag: sent }),
    });
    if (answer.response.status === 304) {
      if (sent !== undefined && answer.isSameOrigin) return { kind: 'not-modified' };
      throw new UpstreamAnswerInvalid(
        answer.url.host,
        what,
        'it says "not modified" to a question without condition',
      );
    }
    assertUsable(answer, what);
    const origin = { url: answer.url, what };
    const listing = parseListing(parseObject(answer.body, origin), origin);
    const etag = answer.response.headers.get('etag');
    return {
      kind: 'listing',
      listing,
      ...(etag !== null && ETAG.test(etag) && answer.isSameOrigin && { etag }),
    };
  }

  async packageDocument(
    service: ProviderService,
    wanted: { readonly name: ProviderName; readonly version: string; readonly platform: Platform },
    signal?: AbortSignal,
  ): Promise<PackageDocument> {
    const { name, version, platform } = wanted;
    const what = `${name.namespace}/${name.type} ${version} for ${platform.toString()}`;
    const path = [name.namespace, name.type, version, 'download', platform.os, platform.arch];
    const url = protocolUrl(service, ...path);
    const [document, origin] = await this.document(url, what, MAX_BYTES.package, service, signal);
    return parsePackageDocument(document, wanted, origin);
  }

  private async document(
    url: URL,
    what: string,
    maxBytes: number,
    { upstream }: ProviderService,
    signal: AbortSignal | undefined,
  ): Promise<[JsonObject, AnswerOrigin]> {
    const answer = await this.ask(url, { what, maxBytes, upstream, signal });
    assertUsable(answer, what);
    const origin = { url: answer.url, what };
    return [parseObject(answer.body, origin), origin];
  }

  private ask(
    url: URL,
    request: {
      what: string;
      maxBytes: number;
      upstream: UpstreamRegistry;
      etag?: string;
      signal: AbortSignal | undefined;
    },
  ): Promise<WholeAnswer> {
    return this.fetcher.read(url, { ...request, accept: 'application/json' });
  }
}

/** An address of the protocol: relative to the base as clients take it, each part escaped. */
function protocolUrl({ baseUrl }: ProviderService, ...parts: readonly string[]): URL {
  return new URL(parts.map(encodeURIComponent).join('/'), baseUrl);
}

function listUrl(service: ProviderService, namespace: string | undefined): URL {
  const url = new URL(namespace === undefined ? '.' : encodeURIComponent(namespace), service.baseUrl);
  url.pathname = url.pathname.replace(/(?<=.)\/$/, '');
  return url;
}
