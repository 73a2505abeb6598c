import { Body, Controller, Header, HttpCode, Post } from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { Audited } from '../../access/audited.decorator.js';
import { Open } from '../../access/route-access.decorator.js';
import { AcceptsForm } from '../../platform/http/form-body.js';
import { RateLimit } from '../../platform/http/rate-limit.decorator.js';
import { BackChannelLogout } from '../back-channel-logout.service.js';
import { LogoutTokenFormDto } from './back-channel-logout.dto.js';

/** Where an identity provider tells that somebody signed out there (OpenID Connect Back-Channel Logout 1.0). */
@ApiTags('Sign-in and session')
@Controller('api/v1/auth/backchannel-logout')
export class BackChannelLogoutController {
  constructor(private readonly logout: BackChannelLogout) {}

  /** Ends the sessions that the signed logout token names; an empty answer, also when they had ended already. */
  @Post()
  @HttpCode(200)
  @Open()
  @Audited('session')
  @RateLimit('auth')
  @AcceptsForm()
  @Header('Cache-Control', 'no-store')
  @ApiConsumes('application/x-www-form-urlencoded')
  @ApiBody({ type: LogoutTokenFormDto })
  @ApiOkResponse()
  async end(@Body() form: unknown): Promise<void> {
    await this.logout.end(form);
  }
}
