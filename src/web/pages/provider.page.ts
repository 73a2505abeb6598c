import { Controller, Get, Param, Req, Res, UseFilters } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { ANONYMOUS, type Principal } from '../../access/principal.js';
import { PublicRead } from '../../access/route-access.decorator.js';
import type { GuardedRequest } from '../../auth/guarded-request.js';
import { ServerConfig } from '../../config/server.config.js';
import { ProviderAddress } from '../../kernel/terraform/provider-address.js';
import { Version } from '../../kernel/terraform/version.js';
import { isQuarantined } from '../../kernel/terraform/version-standing.js';
import { ChecksHost } from '../../platform/http/host-check.js';
import {
  DOCUMENTATION_KINDS,
  type DocumentationOverview,
  type PageAddress,
} from '../../providers/domain/provider-documentation.js';
import {
  ProviderDocumentationNotFound,
  ProviderPageNotFound,
  ProviderVersionNotFound,
} from '../../providers/domain/providers.errors.js';
import { ProviderCatalog } from '../../providers/provider-catalog.service.js';
import { ProviderPages } from '../../providers/provider-pages.service.js';
import { PageErrors } from '../page-errors.filter.js';
import { Pages } from '../pages.service.js';
import { type ProviderFacts, ProviderView } from '../views/provider.view.js';
import { WebSessions } from '../web-sessions.service.js';

interface ProviderPath {
  readonly namespace: string;
  readonly type: string;
  readonly version?: string;
  readonly kind?: string;
  readonly page?: string;
}

const START: PageAddress = { kind: 'index', name: 'index' };

/** What a provider is, how to use it, and its documentation. */
@ApiExcludeController()
@ChecksHost()
@UseFilters(PageErrors)
@Controller('providers/:namespace/:type')
export class ProviderPage {
  private readonly host: string;

  constructor(
    private readonly catalog: ProviderCatalog,
    private readonly documentation: ProviderPages,
    private readonly sessions: WebSessions,
    private readonly pages: Pages,
    { baseUrl }: ServerConfig,
  ) {
    this.host = new URL(baseUrl).host;
  }

  /** The latest version. */
  @Get()
  @PublicRead('providers:read')
  showLatest(
    @Param() path: ProviderPath,
    @Req() request: GuardedRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    return this.send(path, START, request, reply);
  }

  /** One version, with the start page of its documentation. */
  @Get(':version')
  @PublicRead('providers:read')
  show(
    @Param() path: ProviderPath,
    @Req() request: GuardedRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    return this.send(path, START, request, reply);
  }

  /** One page of the documentation. */
  @Get(':version/docs/:kind/:page')
  @PublicRead('providers:read')
  showPage(
    @Param() path: ProviderPath,
    @Req() request: GuardedRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const kind = DOCUMENTATION_KINDS.find((known) => known === path.kind);
    if (kind === undefined) throw new ProviderPageNotFound();
    return this.send(path, { kind, name: path.page ?? '' }, request, reply);
  }

  private async send(
    path: ProviderPath,
    wanted: PageAddress,
    request: GuardedRequest,
    reply: FastifyReply,
  ): Promise<void> {
    const session = await this.sessions.find(request);
    const facts = await this.factsOf(path, wanted, request);
    this.pages.send(reply, ProviderView({ frame: this.pages.frame(session), facts }));
  }

  private async factsOf(
    path: ProviderPath,
    wanted: PageAddress,
    { principal = ANONYMOUS, mirroredHost = '' }: GuardedRequest,
  ): Promise<ProviderFacts> {
    const address = ProviderAddress.parse(path).from(mirroredHost);
    const { provider, releases, latestVersion, downloads } = await this.catalog.detail(address, principal);
    const named = path.version === undefined ? undefined : read(path.version, address).text;
    const release = releases.find(({ version }) => version.version === (named ?? latestVersion));
    if (release === undefined && named !== undefined) throw new ProviderVersionNotFound();
    const version =
      release && !isQuarantined(release.version) ? Version.parseExact(release.version.version) : undefined;
    const documentation = version ? await this.overview(principal, address, version) : null;
    const isThere = documentation?.pages.some(
      ({ kind, name }) => kind === wanted.kind && name === wanted.name,
    );
    if (!isThere && wanted.kind !== 'index') throw new ProviderPageNotFound();
    const page = isThere ? await this.documentation.page(principal, address, version!, wanted) : null;
    const { description, source } = provider;
    return {
      host: this.host,
      address: address.toString(),
      description,
      source,
      downloads,
      release,
      releases,
      documentation,
      page,
    };
  }

  private async overview(
    principal: Principal,
    address: ProviderAddress,
    version: Version,
  ): Promise<DocumentationOverview | null> {
    try {
      return await this.documentation.overview(principal, address, version);
    } catch (error) {
      if (error instanceof ProviderDocumentationNotFound) return null;
      throw error;
    }
  }
}

/** Only what mirrors brought has build metadata. */
function read(version: string, { host }: ProviderAddress): Version {
  return host !== '' && version.includes('+') ? Version.parseExact(version) : Version.parse(version);
}
