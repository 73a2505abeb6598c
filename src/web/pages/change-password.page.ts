import { Body, Controller, Get, Post, Query, Req, Res, UseFilters } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Audited } from '../../access/audited.decorator.js';
import { Authenticated } from '../../access/route-access.decorator.js';
import { AllowedWhileLimited } from '../../auth/allowed-while-limited.decorator.js';
import { BrowserCookies } from '../../auth/browser-cookies.js';
import type { GuardedRequest } from '../../auth/guarded-request.js';
import { LocalAccounts } from '../../auth/local-accounts.service.js';
import { LocalAccountsConfig } from '../../config/local-accounts.config.js';
import { InvalidInput } from '../../kernel/invalid-input.js';
import { AcceptsForm } from '../../platform/http/form-body.js';
import { ChecksHost } from '../../platform/http/host-check.js';
import { RateLimit } from '../../platform/http/rate-limit.decorator.js';
import { PageErrors } from '../page-errors.filter.js';
import { Pages } from '../pages.service.js';
import { pageToReturnTo } from '../return-path.js';
import { ChangePasswordView } from '../views/change-password.view.js';
import { type WebSession, WebSessions } from '../web-sessions.service.js';

/** Choosing another password for a local account. */
@ApiExcludeController()
@ChecksHost()
@UseFilters(PageErrors)
@Controller('change-password')
export class ChangePasswordPage {
  constructor(
    private readonly accounts: LocalAccounts,
    private readonly cookies: BrowserCookies,
    private readonly sessions: WebSessions,
    private readonly pages: Pages,
    private readonly config: LocalAccountsConfig,
  ) {}

  /** The page. */
  @Get()
  @Authenticated()
  @AllowedWhileLimited()
  async show(
    @Query('return_to') wanted: unknown,
    @Req() request: GuardedRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    this.send(reply, await this.sessions.require(request), pageToReturnTo(wanted));
  }

  /** Changes it, ends the other sessions, and goes on. */
  @Post()
  @Authenticated()
  @AllowedWhileLimited()
  @AcceptsForm()
  @RateLimit('auth')
  @Audited('user')
  async change(
    @Body() form: Record<string, unknown>,
    @Req() request: GuardedRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const session = await this.sessions.require(request);
    const returnTo = pageToReturnTo(form['return_to']);
    const changed = await this.accounts
      .changePassword({
        userId: session.user.userId,
        sessionId: session.id,
        currentPassword: String(form['current_password'] ?? ''),
        newPassword: String(form['new_password'] ?? ''),
      })
      .catch(problemOnly);
    if (changed instanceof InvalidInput) {
      this.send(reply, session, returnTo, changed.message);
      return;
    }
    this.cookies.set(reply, changed);
    this.pages.goTo(reply, returnTo ?? '/', 303);
  }

  private send(
    reply: FastifyReply,
    session: WebSession,
    returnTo: string | undefined,
    problem?: string,
  ): void {
    const { csrfToken, isLimited: isForced } = session;
    const facts = { isForced, csrfToken, minLength: this.config.minLength, returnTo, problem };
    const page = ChangePasswordView({ frame: this.pages.frame(session), facts });
    this.pages.send(reply, page, { status: problem === undefined ? 200 : 400 });
  }
}

/** What is wrong with a password is said on the page; anything else goes on. */
function problemOnly(error: unknown): InvalidInput {
  if (error instanceof InvalidInput) return error;
  throw error;
}
