import { Controller, Get, HttpCode, Post, Query, Req, Res } from '@nestjs/common';
import { ApiFoundResponse, ApiNoContentResponse, ApiOkResponse, ApiQuery, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Audited, NotAudited } from '../../access/audited.decorator.js';
import { CurrentPrincipal } from '../../access/current-principal.decorator.js';
import type { IdentifiedPrincipal } from '../../access/principal.js';
import { Authenticated, Open } from '../../access/route-access.decorator.js';
import { AuditLog } from '../../audit/audit-log.service.js';
import { AcceptsForm } from '../../platform/http/form-body.js';
import { ChecksHost } from '../../platform/http/host-check.js';
import { RateLimit } from '../../platform/http/rate-limit.decorator.js';
import { CredentialReader } from '../credential-reader.js';
import type { GuardedRequest } from '../guarded-request.js';
import { SessionRefresh } from '../session-refresh.service.js';
import { Sessions } from '../sessions.service.js';
import { SignOut } from '../sign-out.service.js';
import { SessionCookies } from './session-cookies.js';
import { RefreshedDto } from './session.dto.js';

/** Ending and renewing the session of a browser (REST contract 9.2). */
@ApiTags('Sign-in and session')
@ChecksHost()
@RateLimit('auth')
@Controller('api/v1/auth')
export class SessionController {
  constructor(
    private readonly credentials: CredentialReader,
    private readonly sessions: Sessions,
    private readonly signOut: SignOut,
    private readonly refreshing: SessionRefresh,
    private readonly cookies: SessionCookies,
    private readonly audit: AuditLog,
  ) {}

  /** Signs out by navigation; one that another site caused changes nothing. */
  @Get('logout')
  @Open()
  @ApiQuery({ name: 'post_logout_redirect_uri', required: false, type: String })
  @ApiFoundResponse()
  async leave(
    @Req() request: GuardedRequest,
    @Res() reply: FastifyReply,
    @Query('post_logout_redirect_uri') wanted?: string,
  ): Promise<void> {
    if (request.headers['sec-fetch-site'] === 'cross-site') {
      await reply.redirect(await this.signOut.home(), 302);
      return;
    }
    const presented = await this.credentials.sessionOf(request);
    const address = await this.signOut.leave(presented?.session, wanted);
    this.cookies.clear(reply);
    await reply.redirect(address, 302);
  }

  /** Signs out: the session of the cookie, or the one an access token belongs to. */
  @Post('logout')
  @HttpCode(204)
  @Open()
  @Audited('session')
  @AcceptsForm()
  @ApiNoContentResponse()
  async logout(
    @Req() request: GuardedRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    const { identity } = await this.credentials.read(request, false);
    const hasEnded = identity?.session !== undefined && (await this.sessions.end(identity.session.id));
    if (!hasEnded) this.audit.nothingChanged();
    this.cookies.clear(reply);
  }

  /** Gives a session, or an access token, a whole life again. The old handle stays good for a minute. */
  @Post('refresh')
  @HttpCode(200)
  @Authenticated()
  @NotAudited('the same session lasts longer')
  @ApiOkResponse({ type: RefreshedDto })
  async refresh(
    @Req() request: GuardedRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
    @CurrentPrincipal() principal: IdentifiedPrincipal,
  ): Promise<RefreshedDto> {
    const presented = await this.credentials.sessionOf(request);
    const { token, expiresInSeconds, expiresAt } = await this.refreshing.refresh(principal);
    if (presented !== undefined) this.cookies.set(reply, { ...presented, expiresAt });
    return { token, expires_in: expiresInSeconds };
  }
}
