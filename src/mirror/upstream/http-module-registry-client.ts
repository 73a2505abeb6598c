import { Injectable } from '@nestjs/common';
import { MirrorConfig } from '../../config/mirror.config.js';
import { GitArchives } from '../domain/git-archives.js';
import { UpstreamAnswerInvalid } from '../domain/mirror.errors.js';
import { readModuleSource } from '../domain/module-source-address.js';
import { ModuleSourceUnsupported } from '../domain/module-source.errors.js';
import { assertUsable } from './answer-status.js';
import {
  type ModuleName,
  ModuleRegistryClient,
  type ModuleService,
  type ModuleSource,
} from './module-registry-client.js';
import { parseModuleVersions } from './module-responses.js';
import { parseObject } from './registry-responses.js';
import { askServices, readModuleService } from './service-discovery.js';
import { UpstreamFetch, type WholeAnswer } from './upstream-fetch.js';
import { linkedUrl, type UpstreamRegistry } from './upstream-registry.js';

const MIB = 1024 * 1024;
const MAX_BYTES = { versions: 8 * MIB, download: MIB } as const;

/** Asks registries about modules over HTTP, as their protocol says. */
@Injectable()
export class HttpModuleRegistryClient extends ModuleRegistryClient {
  private readonly archives: GitArchives;

  constructor(
    private readonly fetcher: UpstreamFetch,
    { gitArchives }: MirrorConfig,
  ) {
    super();
    this.archives = new GitArchives(gitArchives);
  }

  async discover(upstream: UpstreamRegistry, signal?: AbortSignal): Promise<ModuleService> {
    return readModuleService(await askServices(this.fetcher, upstream, signal));
  }

  async versions(
    service: ModuleService,
    { namespace, name, system }: ModuleName,
    signal?: AbortSignal,
  ): Promise<readonly string[]> {
    const what = `the versions of the module ${namespace}/${name}/${system}`;
    const url = protocolUrl(service, namespace, name, system, 'versions');
    const answer = await this.ask(url, service, { what, maxBytes: MAX_BYTES.versions }, signal);
    assertUsable(answer, what);
    const origin = { url: answer.url, what };
    return parseModuleVersions(parseObject(answer.body, origin), origin);
  }

  async source(
    service: ModuleService,
    wanted: ModuleName & { readonly version: string },
    signal?: AbortSignal,
  ): Promise<ModuleSource> {
    const { namespace, name, system, version } = wanted;
    const what = `the module ${namespace}/${name}/${system} ${version}`;
    const asked = protocolUrl(service, namespace, name, system, version, 'download');
    const answer = await this.ask(asked, service, { what, maxBytes: MAX_BYTES.download }, signal);
    const source = readModuleSource(locationIn(answer, what), asked, this.archives);
    if ('reason' in source) throw new ModuleSourceUnsupported(asked.host, what, source.reason);
    const url = linkedUrl(source.url.href, asked);
    if (url === undefined) {
      const reason = 'it is http, although the registry is https; only what is encrypted is fetched then';
      throw new ModuleSourceUnsupported(asked.host, what, reason);
    }
    return { ...source, url };
  }

  private ask(
    url: URL,
    { upstream }: ModuleService,
    request: { readonly what: string; readonly maxBytes: number },
    signal: AbortSignal | undefined,
  ): Promise<WholeAnswer> {
    const accept = 'application/json';
    return this.fetcher.read(url, { ...request, upstream, accept, ...(signal && { signal }) });
  }
}

/** The header that every client reads, or else the body that newer ones read. */
function locationIn(answer: WholeAnswer, what: string): string {
  const { response, url, body } = answer;
  const header = response.headers.get('x-terraform-get') ?? '';
  if (response.status === 204 || (response.status === 200 && header !== '')) {
    if (header !== '') return header;
    throw new UpstreamAnswerInvalid(url.host, what, 'it has no header X-Terraform-Get');
  }
  assertUsable(answer, what);
  const { location } = parseObject(body, { url, what });
  if (typeof location === 'string' && location !== '') return location;
  throw new UpstreamAnswerInvalid(url.host, what, 'it names no address, neither in a header nor as location');
}

function protocolUrl({ baseUrl }: ModuleService, ...parts: readonly string[]): URL {
  return new URL(parts.map(encodeURIComponent).join('/'), baseUrl);
}
