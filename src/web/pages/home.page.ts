import { Controller, Get, Req, Res, UseFilters } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Open } from '../../access/route-access.decorator.js';
import type { GuardedRequest } from '../../auth/guarded-request.js';
import { TerraformLoginOffer } from '../../auth/terraform-login-offer.service.js';
import { ServerConfig } from '../../config/server.config.js';
import { WebConfig } from '../../config/web.config.js';
import { ChecksHost } from '../../platform/http/host-check.js';
import { PageErrors } from '../page-errors.filter.js';
import { Pages } from '../pages.service.js';
import { HomeView } from '../views/home.view.js';
import { WebSessions } from '../web-sessions.service.js';

/** The first page. */
@ApiExcludeController()
@ChecksHost()
@UseFilters(PageErrors)
@Controller()
export class HomePage {
  private readonly host: string;

  constructor(
    private readonly sessions: WebSessions,
    private readonly pages: Pages,
    private readonly offer: TerraformLoginOffer,
    private readonly web: WebConfig,
    { baseUrl }: ServerConfig,
  ) {
    this.host = new URL(baseUrl).host;
  }

  /** Who somebody is here, and how the registry is used. */
  @Get()
  @Open()
  async show(@Req() request: GuardedRequest, @Res() reply: FastifyReply): Promise<void> {
    const session = await this.sessions.find(request);
    const facts = {
      host: this.host,
      user: session?.user,
      isLoginOffered: await this.offer.isOpen(),
      hasApiDocs: this.web.apiDocsEnabled,
    };
    this.pages.send(reply, HomeView({ frame: this.pages.frame(session), facts }));
  }
}
