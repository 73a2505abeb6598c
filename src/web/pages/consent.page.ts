import { Body, Controller, Get, Post, Req, Res, UseFilters } from '@nestjs/common';
import { ApiConsumes, ApiFoundResponse, ApiOkResponse, ApiQuery, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { NotAudited } from '../../access/audited.decorator.js';
import { Authenticated, Open } from '../../access/route-access.decorator.js';
import { AuthorizationRequest } from '../../auth/domain/authorization-request.js';
import { PasswordChangeRequired } from '../../auth/domain/session.errors.js';
import { AuthorizationRefused } from '../../auth/domain/terraform-login.errors.js';
import type { GuardedRequest } from '../../auth/guarded-request.js';
import { TerraformLogin } from '../../auth/terraform-login.service.js';
import { AcceptsForm } from '../../platform/http/form-body.js';
import { ChecksHost } from '../../platform/http/host-check.js';
import { PageErrors } from '../page-errors.filter.js';
import { Pages } from '../pages.service.js';
import { withReturn } from '../return-path.js';
import { SignInOptions } from '../sign-in-options.service.js';
import { ConsentView } from '../views/consent.view.js';
import { ElsewhereView } from '../views/elsewhere.view.js';
import { MessageView } from '../views/message.view.js';
import { type WebSession, WebSessions } from '../web-sessions.service.js';

/**
 * The authorization endpoint of `terraform login` (REST contract 6.5): who is signed in is asked whether the CLI gets a
 * token. Every error and every denial is a page; the only redirect to the CLI carries a code.
 */
@ApiTags('Terraform protocols')
@ChecksHost()
@UseFilters(PageErrors)
@Controller('api/v1/oauth/authorize')
export class ConsentPage {
  constructor(
    private readonly login: TerraformLogin,
    private readonly sessions: WebSessions,
    private readonly options: SignInOptions,
    private readonly pages: Pages,
  ) {}

  /** Asks. A request that is not in order leads nowhere, not even to the sign-in. */
  @Get()
  @Open()
  @ApiQuery({ name: 'response_type', enum: ['code'] })
  @ApiQuery({ name: 'client_id', enum: ['terraform-cli'] })
  @ApiQuery({ name: 'redirect_uri', type: String, description: 'http://localhost:<10000–10010>/login' })
  @ApiQuery({ name: 'state', type: String, required: false })
  @ApiQuery({ name: 'code_challenge', type: String })
  @ApiQuery({ name: 'code_challenge_method', enum: ['S256'] })
  @ApiOkResponse({ description: 'The page that asks, `text/html`' })
  @ApiFoundResponse({ description: 'Nobody is signed in: the sign-in page comes first' })
  async ask(@Req() request: GuardedRequest, @Res() reply: FastifyReply): Promise<void> {
    const asked = AuthorizationRequest.parseQuery(request.url.split('?').slice(1).join('?'));
    await this.login.assertOffered();
    const session = await this.sessions.find(request);
    if (session === undefined) return this.askToSignIn(asked, reply);
    if (session.isLimited) throw new PasswordChangeRequired();
    const proposal = await this.login.propose(session.user.userId);
    const facts = {
      ...proposal,
      csrfToken: session.csrfToken,
      parameters: asked.parameters,
      port: asked.port,
      user: session.user,
    };
    const page = ConsentView({ frame: this.pages.frame(session), facts });
    this.pages.send(reply, page, { formAction: asked.redirectUri });
  }

  /** Takes the decision: `allow` or `deny`. */
  @Post()
  @Authenticated()
  @AcceptsForm()
  @NotAudited('a code is good for a minute; the key that is made with it is recorded')
  @ApiConsumes('application/x-www-form-urlencoded')
  @ApiFoundResponse({ description: 'Allowed: the code goes to the CLI' })
  @ApiOkResponse({ description: 'Denied: a page, `text/html`' })
  async decide(
    @Body() form: Record<string, unknown>,
    @Req() request: GuardedRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const asked = AuthorizationRequest.parse(form);
    const session = await this.sessions.require(request);
    if (form['decision'] === 'deny') return this.sayDenied(session, reply);
    if (form['decision'] !== 'allow') throw new AuthorizationRefused('decision must be allow or deny');
    const { id: sessionId, user } = session;
    const code = await this.login.approve({ userId: user.userId, sessionId }, asked);
    void reply.header('cache-control', 'no-store').redirect(asked.redirectWith(code), 302);
  }

  private async askToSignIn(asked: AuthorizationRequest, reply: FastifyReply): Promise<void> {
    const here = `/api/v1/oauth/authorize?${new URLSearchParams(asked.parameters).toString()}`;
    if (this.pages.areOn) {
      this.pages.goTo(reply, withReturn('/sign-in', here));
      return;
    }
    const { providers } = await this.options.list();
    const facts = { providers, here };
    this.pages.send(reply, ElsewhereView({ frame: this.pages.frame(), facts }));
  }

  private sayDenied(session: WebSession, reply: FastifyReply): void {
    const sentences = [
      'The command line gets no token.',
      'The command still waits for one: end it with Ctrl+C in its window. You can close this page.',
    ];
    const page = MessageView({ frame: this.pages.frame(session), facts: { title: 'Denied', sentences } });
    this.pages.send(reply, page);
  }
}
