import { Controller, Get, Query, Req, Res, UseFilters } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Open } from '../../access/route-access.decorator.js';
import type { GuardedRequest } from '../../auth/guarded-request.js';
import { Sessions } from '../../auth/sessions.service.js';
import { ChecksHost } from '../../platform/http/host-check.js';
import { PageErrors } from '../page-errors.filter.js';
import { Pages } from '../pages.service.js';
import { pageToReturnTo } from '../return-path.js';
import { MessageView } from '../views/message.view.js';
import { WebSessions } from '../web-sessions.service.js';

const MAX_SHOWN = 500;
const SIGN_IN = { href: '/sign-in', text: 'Sign in again' };

/**
 * Where a browser arrives after signing in with an identity provider (REST contract 9.1). What the query says of a
 * token is for other web clients; here the cookie counts.
 */
@ApiExcludeController()
@ChecksHost()
@UseFilters(PageErrors)
@Controller('auth/callback')
export class AuthCallbackPage {
  constructor(
    private readonly sessions: Sessions,
    private readonly webSessions: WebSessions,
    private readonly pages: Pages,
  ) {}

  /** Says what went wrong, or goes on to where the sign-in began. */
  @Get()
  @Open()
  async arrive(
    @Query('error') error: string | undefined,
    @Query('error_description') description: string | undefined,
    @Req() request: GuardedRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    if (error !== undefined) {
      const sentences = [description, `Code: ${error}`].filter((text) => text !== undefined && text !== '');
      this.say(reply, 'Signing in did not work', sentences as string[], 400);
      return;
    }
    const session = await this.webSessions.find(request);
    if (session === undefined) {
      const sentence =
        'This browser is not signed in. It may have refused the cookie, or the session has ended.';
      this.say(reply, 'Not signed in', [sentence], 200);
      return;
    }
    this.pages.goTo(reply, pageToReturnTo(await this.sessions.takeReturnTo(session.id)) ?? '/');
  }

  private say(reply: FastifyReply, title: string, sentences: string[], status: number): void {
    const shown = sentences.map((text) => text.slice(0, MAX_SHOWN));
    const facts = { title, sentences: shown, link: SIGN_IN };
    this.pages.send(reply, MessageView({ frame: this.pages.frame(), facts }), { status });
  }
}
