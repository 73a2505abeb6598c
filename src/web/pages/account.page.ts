import { Controller, Get, Param, Post, Req, Res, UseFilters } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Audited } from '../../access/audited.decorator.js';
import { CurrentPrincipal } from '../../access/current-principal.decorator.js';
import type { IdentifiedPrincipal } from '../../access/principal.js';
import { Authenticated } from '../../access/route-access.decorator.js';
import { ApiKeyAdministration } from '../../auth/api-key-administration.service.js';
import { BrowserCookies } from '../../auth/browser-cookies.js';
import type { GuardedRequest } from '../../auth/guarded-request.js';
import { LocalAccounts } from '../../auth/local-accounts.service.js';
import { Sessions } from '../../auth/sessions.service.js';
import { AcceptsForm } from '../../platform/http/form-body.js';
import { ChecksHost } from '../../platform/http/host-check.js';
import { PageErrors } from '../page-errors.filter.js';
import { Pages } from '../pages.service.js';
import { AccountView } from '../views/account.view.js';
import { WebSessions } from '../web-sessions.service.js';

const ACCOUNT = '/account';

/** Somebody's own sessions and tokens (protocol checklist 39). */
@ApiExcludeController()
@ChecksHost()
@UseFilters(PageErrors)
@Controller('account')
export class AccountPage {
  constructor(
    private readonly sessions: Sessions,
    private readonly keys: ApiKeyAdministration,
    private readonly accounts: LocalAccounts,
    private readonly cookies: BrowserCookies,
    private readonly webSessions: WebSessions,
    private readonly pages: Pages,
  ) {}

  /** Lists them. */
  @Get()
  @Authenticated()
  async show(
    @CurrentPrincipal() principal: IdentifiedPrincipal,
    @Req() request: GuardedRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const session = await this.webSessions.require(request);
    const { user, csrfToken } = session;
    const keys = await this.keys.list(principal);
    const sessions = await this.sessions.listOf(user.userId);
    const facts = {
      csrfToken,
      user,
      sessions: sessions.map((one) => ({ ...one, isCurrent: one.id === session.id })),
      keys: keys.filter(({ userId }) => userId === user.userId),
      hasPassword: await this.accounts.hasPassword(user.userId),
    };
    this.pages.send(reply, AccountView({ frame: this.pages.frame(session), facts }));
  }

  /** Ends one of the tokens. */
  @Post('keys/:id/revoke')
  @Authenticated()
  @AcceptsForm()
  @Audited('api_key')
  async revokeKey(
    @Param('id') id: string,
    @CurrentPrincipal() principal: IdentifiedPrincipal,
    @Req() request: GuardedRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    await this.webSessions.require(request);
    await this.keys.revoke(principal, id);
    this.pages.goTo(reply, ACCOUNT, 303);
  }

  /** Ends another session. */
  @Post('sessions/:id/end')
  @Authenticated()
  @AcceptsForm()
  @Audited('session')
  async endSession(
    @Param('id') id: string,
    @Req() request: GuardedRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { user } = await this.webSessions.require(request);
    await this.sessions.endOwn(user.userId, id);
    this.pages.goTo(reply, ACCOUNT, 303);
  }

  /** Ends all of them, this one too. */
  @Post('sign-out-everywhere')
  @Authenticated()
  @AcceptsForm()
  @Audited('session')
  async endAll(@Req() request: GuardedRequest, @Res() reply: FastifyReply): Promise<void> {
    const { user } = await this.webSessions.require(request);
    await this.sessions.endAllOf(user.userId);
    this.cookies.clear(reply);
    this.pages.goTo(reply, '/sign-in', 303);
  }
}
