import { Body, Controller, HttpCode, Param, Post, Req, Res } from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Audited } from '../../access/audited.decorator.js';
import { CurrentPrincipal } from '../../access/current-principal.decorator.js';
import type { Principal } from '../../access/principal.js';
import { Authenticated, Open, RequireScope } from '../../access/route-access.decorator.js';
import { InvalidInput } from '../../kernel/invalid-input.js';
import { isUuid } from '../../kernel/uuid.js';
import { ChecksHost } from '../../platform/http/host-check.js';
import { RateLimit } from '../../platform/http/rate-limit.decorator.js';
import { AllowedWhileLimited } from '../allowed-while-limited.decorator.js';
import { SessionNeeded } from '../domain/local-accounts.errors.js';
import { readSessionCookie } from '../domain/session-cookie.js';
import { returnPath } from '../domain/return-path.js';
import type { GuardedRequest } from '../guarded-request.js';
import { LocalAccounts } from '../local-accounts.service.js';
import { Sessions } from '../sessions.service.js';
import {
  ChangePasswordDto,
  LocalSignedInDto,
  LocalSignInDto,
  TemporaryPasswordDto,
} from './local-sign-in.dto.js';
import { SessionCookies } from './session-cookies.js';

/** Signing in with a password of this registry, and passwords themselves (REST contract 30.4). */
@ApiTags('Local accounts')
@Controller('api/v1')
export class LocalSignInController {
  constructor(
    private readonly accounts: LocalAccounts,
    private readonly sessions: Sessions,
    private readonly cookies: SessionCookies,
  ) {}

  /** Begins a session; one that the browser had ends. Every failure has the same answer. */
  @Post('auth/local/login')
  @HttpCode(200)
  @Open()
  @ChecksHost()
  @RateLimit('auth')
  @Audited('session')
  @ApiOkResponse({ type: LocalSignedInDto })
  async signIn(
    @Body() body: LocalSignInDto,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<LocalSignedInDto> {
    const { userId, mustChange } = await this.accounts.signIn(body.email, body.password);
    const started = await this.sessions.start({
      userId,
      method: 'local',
      returnTo: returnPath(body.return_to),
      isLimited: mustChange,
      replaces: readSessionCookie(request.headers.cookie),
    });
    this.cookies.set(reply, started);
    return { token: started.handle, must_change_password: mustChange };
  }

  /** Changes the caller's own password, and ends their other sessions. */
  @Post('auth/local/password')
  @HttpCode(204)
  @Authenticated()
  @AllowedWhileLimited()
  @Audited('user')
  @ApiNoContentResponse()
  async changePassword(
    @Body() body: ChangePasswordDto,
    @Req() { sessionId }: GuardedRequest,
    @CurrentPrincipal() principal: Principal,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    if (principal.kind !== 'user' || sessionId === undefined) throw new SessionNeeded();
    const { current_password: currentPassword, new_password: newPassword } = body;
    const { userId } = principal;
    const change = { userId, sessionId, currentPassword, newPassword };
    this.cookies.set(reply, await this.accounts.changePassword(change));
  }

  /** Gives a user a random password, which must be changed at the next sign-in. */
  @Post('users/:id/password-reset')
  @HttpCode(200)
  @RequireScope('users:write')
  @Audited('user')
  @ApiOkResponse({ type: TemporaryPasswordDto })
  async resetPassword(
    @Param('id') id: string,
    @CurrentPrincipal() principal: Principal,
  ): Promise<TemporaryPasswordDto> {
    if (!isUuid(id)) throw new InvalidInput('Invalid user ID');
    return { temporary_password: await this.accounts.resetPassword(principal, id.toLowerCase()) };
  }
}
