import { Body, Controller, Get, Post, Query, Req, Res, UseFilters } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Audited } from '../../access/audited.decorator.js';
import { Open } from '../../access/route-access.decorator.js';
import { BrowserCookies } from '../../auth/browser-cookies.js';
import { NotAuthenticated } from '../../auth/domain/auth.errors.js';
import { readSessionCookie } from '../../auth/domain/session-cookie.js';
import type { GuardedRequest } from '../../auth/guarded-request.js';
import { LocalAccounts } from '../../auth/local-accounts.service.js';
import { Sessions } from '../../auth/sessions.service.js';
import { AcceptsForm } from '../../platform/http/form-body.js';
import { ChecksHost } from '../../platform/http/host-check.js';
import { RateLimit } from '../../platform/http/rate-limit.decorator.js';
import { PageErrors } from '../page-errors.filter.js';
import { Pages } from '../pages.service.js';
import { pageToReturnTo, withReturn } from '../return-path.js';
import { SignInOptions } from '../sign-in-options.service.js';
import { SignInView } from '../views/sign-in.view.js';
import { WebSessions } from '../web-sessions.service.js';

/** One text for every reason. */
const REFUSED = 'This e-mail address and password do not belong together, or the account is locked.';

/** Signing in with a browser. */
@ApiExcludeController()
@ChecksHost()
@UseFilters(PageErrors)
@Controller('sign-in')
export class SignInPage {
  constructor(
    private readonly accounts: LocalAccounts,
    private readonly sessions: Sessions,
    private readonly cookies: BrowserCookies,
    private readonly webSessions: WebSessions,
    private readonly options: SignInOptions,
    private readonly pages: Pages,
  ) {}

  /** The page; whoever is signed in goes on at once. */
  @Get()
  @Open()
  async show(
    @Query('return_to') wanted: unknown,
    @Req() request: GuardedRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const returnTo = pageToReturnTo(wanted);
    const session = await this.webSessions.find(request);
    if (session === undefined) await this.send(reply, returnTo);
    else this.goOn(reply, session.isLimited, returnTo, 302);
  }

  /** Begins a session of a local account; one that the browser had ends. */
  @Post()
  @Open()
  @AcceptsForm()
  @RateLimit('auth')
  @Audited('session')
  async signIn(
    @Body() form: Record<string, unknown>,
    @Req() { headers }: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const returnTo = pageToReturnTo(form['return_to']);
    const account = await this.accounts
      .signIn(String(form['email'] ?? ''), String(form['password'] ?? ''))
      .catch(refusalOnly);
    if (account === undefined) return this.send(reply, returnTo, REFUSED);
    const { userId, mustChange: isLimited } = account;
    const replaces = readSessionCookie(headers.cookie);
    this.cookies.set(reply, await this.sessions.start({ userId, method: 'local', isLimited, replaces }));
    this.goOn(reply, isLimited, returnTo, 303);
  }

  private async send(reply: FastifyReply, returnTo: string | undefined, problem?: string): Promise<void> {
    const facts = { ...(await this.options.list()), returnTo, problem };
    const status = problem === undefined ? 200 : 401;
    if (status === 401) void reply.header('www-authenticate', 'Bearer');
    this.pages.send(reply, SignInView({ frame: this.pages.frame(), facts }), { status });
  }

  private goOn(
    reply: FastifyReply,
    isLimited: boolean,
    returnTo: string | undefined,
    status: 302 | 303,
  ): void {
    const path = isLimited ? withReturn('/change-password', returnTo) : (returnTo ?? '/');
    this.pages.goTo(reply, path, status);
  }
}

/** Every refusal of an account is the same; anything else goes on. */
function refusalOnly(error: unknown): undefined {
  if (!(error instanceof NotAuthenticated)) throw error;
}
