import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { CurrentPrincipal } from '../../access/current-principal.decorator.js';
import type { Principal } from '../../access/principal.js';
import { Authenticated } from '../../access/route-access.decorator.js';
import { AllowedWhileLimited } from '../allowed-while-limited.decorator.js';
import { SignedInUser } from '../signed-in-user.service.js';
import { MeDto } from './me-api.dto.js';
import { presentMe } from './me-api.presenter.js';

/** Who is signed in (REST contract 9.2). */
@ApiTags('Sign-in and session')
@Controller('api/v1/auth/me')
export class MeApiController {
  constructor(private readonly signedIn: SignedInUser) {}

  /** The user, their memberships and what their menus may show; with an API key its owner and its scopes. */
  @Get()
  @Authenticated()
  @AllowedWhileLimited()
  @ApiOkResponse({ type: MeDto })
  async me(@CurrentPrincipal() principal: Principal): Promise<MeDto> {
    return presentMe(await this.signedIn.of(principal));
  }
}
