import { Controller, Get, Param, Query, Req, Res, UseFilters } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { ANONYMOUS } from '../../access/principal.js';
import { PublicRead } from '../../access/route-access.decorator.js';
import type { GuardedRequest } from '../../auth/guarded-request.js';
import { ServerConfig } from '../../config/server.config.js';
import { ModuleAddress } from '../../kernel/terraform/module-address.js';
import { Version } from '../../kernel/terraform/version.js';
import { isQuarantined } from '../../kernel/terraform/version-standing.js';
import { ModulePartNotFound, ModuleVersionNotFound } from '../../modules/domain/modules.errors.js';
import { ModuleCatalog, type ModuleDetail } from '../../modules/module-catalog.service.js';
import { ModuleDocumentation } from '../../modules/module-documentation.service.js';
import { ChecksHost } from '../../platform/http/host-check.js';
import { PageErrors } from '../page-errors.filter.js';
import { Pages } from '../pages.service.js';
import { type ModuleFacts, ModuleView } from '../views/module.view.js';
import { WebSessions } from '../web-sessions.service.js';

interface ModulePath {
  readonly namespace: string;
  readonly name: string;
  readonly system: string;
  readonly version?: string;
}

/** What a module is, how to use it, and what it is made of. */
@ApiExcludeController()
@ChecksHost()
@UseFilters(PageErrors)
@Controller('modules/:namespace/:name/:system')
export class ModulePage {
  private readonly host: string;

  constructor(
    private readonly catalog: ModuleCatalog,
    private readonly documentation: ModuleDocumentation,
    private readonly sessions: WebSessions,
    private readonly pages: Pages,
    { baseUrl }: ServerConfig,
  ) {
    this.host = new URL(baseUrl).host;
  }

  /** The latest version. */
  @Get()
  @PublicRead('modules:read')
  showLatest(
    @Param() path: ModulePath,
    @Query('path') part: string | undefined,
    @Req() request: GuardedRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    return this.send(path, part, request, reply);
  }

  /** One version; `path` names a submodule or example. */
  @Get(':version')
  @PublicRead('modules:read')
  show(
    @Param() path: ModulePath,
    @Query('path') part: string | undefined,
    @Req() request: GuardedRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    return this.send(path, part, request, reply);
  }

  private async send(
    path: ModulePath,
    part: unknown,
    request: GuardedRequest,
    reply: FastifyReply,
  ): Promise<void> {
    const session = await this.sessions.find(request);
    const address = ModuleAddress.parse(path);
    const detail = await this.catalog.detail(address, request.principal ?? ANONYMOUS);
    const wanted = path.version === undefined ? undefined : Version.parse(path.version);
    const facts = await this.factsOf(address, detail, wanted, typeof part === 'string' ? part : '');
    this.pages.send(reply, ModuleView({ frame: this.pages.frame(session), facts }));
  }

  private async factsOf(
    address: ModuleAddress,
    detail: ModuleDetail,
    wanted: Version | undefined,
    part: string,
  ): Promise<ModuleFacts> {
    const { module, versions, downloads, latestVersion } = detail;
    const version = versions.find((one) => one.version === (wanted?.text ?? latestVersion));
    if (version === undefined && wanted !== undefined) throw new ModuleVersionNotFound();
    // Nobody is shown the content of a quarantined version.
    const id = version && !isQuarantined(version) ? version.id : undefined;
    const documentation = id === undefined ? null : await this.documentation.find(id);
    const shown = id === undefined ? null : await this.documentation.part(id, part);
    if (shown === null && part !== '') throw new ModulePartNotFound();
    const { description, source } = module;
    return {
      host: this.host,
      address: address.toString(),
      description,
      source,
      downloads,
      version,
      versions,
      documentation,
      shown,
    };
  }
}
