import { Controller, Delete, Get, HttpCode, Param, Req, Res } from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { Audited } from '../../access/audited.decorator.js';
import { CurrentPrincipal } from '../../access/current-principal.decorator.js';
import type { Principal } from '../../access/principal.js';
import { Authenticated } from '../../access/route-access.decorator.js';
import { AuditLog } from '../../audit/audit-log.service.js';
import { InvalidInput } from '../../kernel/invalid-input.js';
import { isUuid } from '../../kernel/uuid.js';
import { SessionNotFound } from '../domain/session.errors.js';
import type { GuardedRequest } from '../guarded-request.js';
import { Sessions } from '../sessions.service.js';
import { type CookieReply, SessionCookies } from './session-cookies.js';
import { SessionDto } from './sessions-api.dto.js';

/** The own sessions (REST contract 9.2 and 30.4). They belong to people: an API key has none. */
@ApiTags('Sign-in and session')
@Controller('api/v1/auth/sessions')
export class SessionsApiController {
  constructor(
    private readonly sessions: Sessions,
    private readonly cookies: SessionCookies,
    private readonly audit: AuditLog,
  ) {}

  /** Where the caller is signed in, the latest first. */
  @Get()
  @Authenticated()
  @ApiOkResponse({ type: [SessionDto] })
  async list(
    @CurrentPrincipal() principal: Principal,
    @Req() { sessionId }: GuardedRequest,
  ): Promise<SessionDto[]> {
    if (principal.kind !== 'user') return [];
    const sessions = await this.sessions.listOf(principal.userId);
    return sessions.map((session) => ({
      id: session.id,
      created_at: session.createdAt.toISOString(),
      last_used_at: session.lastUsedAt.toISOString(),
      ip_address: session.ipAddress ?? '',
      user_agent: session.userAgent ?? '',
      current: session.id === sessionId,
    }));
  }

  /** Signs out in one place. */
  @Delete(':id')
  @HttpCode(204)
  @Authenticated()
  @Audited('session')
  @ApiNoContentResponse()
  async end(@CurrentPrincipal() principal: Principal, @Param('id') id: string): Promise<void> {
    if (!isUuid(id)) throw new InvalidInput('Invalid session ID');
    if (principal.kind !== 'user') throw new SessionNotFound();
    await this.sessions.endOwn(principal.userId, id);
  }

  /** Signs out everywhere, here too. */
  @Delete()
  @HttpCode(204)
  @Authenticated()
  @Audited('session')
  @ApiNoContentResponse()
  async endAll(
    @CurrentPrincipal() principal: Principal,
    @Req() { sessionId }: GuardedRequest,
    @Res({ passthrough: true }) reply: CookieReply,
  ): Promise<void> {
    const ended = principal.kind === 'user' ? await this.sessions.endAllOf(principal.userId) : 0;
    if (ended === 0) this.audit.nothingChanged();
    if (sessionId !== undefined) this.cookies.clear(reply);
  }
}
