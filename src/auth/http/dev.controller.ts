import { Controller, Get, HttpCode, Param, Post } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { Audited } from '../../access/audited.decorator.js';
import { CurrentPrincipal } from '../../access/current-principal.decorator.js';
import type { Principal } from '../../access/principal.js';
import { Open, RequireScope } from '../../access/route-access.decorator.js';
import { InvalidInput } from '../../kernel/invalid-input.js';
import { isUuid } from '../../kernel/uuid.js';
import type { User } from '../../orgs/domain/user.js';
import { RateLimit } from '../../platform/http/rate-limit.decorator.js';
import { DevAccounts } from '../dev-accounts.service.js';
import {
  DevImpersonationDto,
  DevLoginDto,
  DevStatusDto,
  type DevUserDto,
  DevUserListDto,
} from './dev.dto.js';

/** Signing in without proof (REST contract 10). Exists in development mode only. */
@ApiTags('Development')
@Controller('api/v1/dev')
export class DevController {
  constructor(private readonly accounts: DevAccounts) {}

  /** Tells that development mode is on. */
  @Get('status')
  @Open()
  @ApiOkResponse({ type: DevStatusDto })
  status(): DevStatusDto {
    return { dev_mode: true, message: 'Development mode is enabled' };
  }

  /** Signs the administrator of development mode in. */
  @Post('login')
  @HttpCode(200)
  @Open()
  @RateLimit('auth')
  @Audited('session')
  @ApiOkResponse({ type: DevLoginDto })
  async login(): Promise<DevLoginDto> {
    const { token, user, expiresInSeconds } = await this.accounts.login();
    return { token, user: presentUser(user), expires_in: expiresInSeconds };
  }

  /** Whom to impersonate: the first hundred users. */
  @Get('users')
  @RequireScope('admin', 'platform')
  @ApiOkResponse({ type: DevUserListDto })
  async users(@CurrentPrincipal() principal: Principal): Promise<DevUserListDto> {
    const listed = await this.accounts.list(principal);
    const users = listed.map(({ user: { id, email, name }, primary }) => ({
      id,
      email,
      name,
      primary_role: primary?.role?.displayName ?? 'No role',
    }));
    return { users, dev_mode: true };
  }

  /** Signs in as somebody else; the record names who did it. */
  @Post('impersonate/:user_id')
  @HttpCode(200)
  @RequireScope('admin', 'platform')
  @Audited('session')
  @ApiOkResponse({ type: DevImpersonationDto })
  async impersonate(@Param('user_id') userId: string): Promise<DevImpersonationDto> {
    if (!isUuid(userId)) throw new InvalidInput('Invalid user ID');
    const { token, user } = await this.accounts.impersonate(userId);
    return { token, user: presentUser(user), message: `You are now impersonating ${user.email}` };
  }
}

function presentUser(user: User): DevUserDto {
  return {
    id: user.id,
    email: user.email,
    name: user.name,
    oidc_sub: user.oidcSub,
    created_at: user.createdAt.toISOString(),
    updated_at: user.updatedAt.toISOString(),
  };
}
