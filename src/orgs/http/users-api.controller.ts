import { Body, Controller, Delete, Get, HttpCode, Param, Post, Put, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { Audited } from '../../access/audited.decorator.js';
import { CurrentPrincipal } from '../../access/current-principal.decorator.js';
import type { Principal } from '../../access/principal.js';
import { Authenticated, RequireScope } from '../../access/route-access.decorator.js';
import { InvalidInput } from '../../kernel/invalid-input.js';
import { pageRequest } from '../../kernel/page.js';
import { isUuid } from '../../kernel/uuid.js';
import { PageQueryDto } from '../../platform/http/pagination.dto.js';
import { UsersAdministration } from '../users-administration.service.js';
import { UsersDirectory } from '../users-directory.service.js';
import {
  CreateUserDto,
  MembershipListDto,
  OneUserDto,
  UpdateUserDto,
  UserDeletedDto,
  UserDetailDto,
  UserListDto,
  UserSearchQueryDto,
} from './users-api.dto.js';
import { presentDetail, presentMembership, presentUser, presentUsers } from './users-api.presenter.js';

const PAGES = { perPage: 20, maxPerPage: 200 };

/** The people of the registry (REST contract 12). */
@ApiTags('Users')
@Controller('api/v1/users')
export class UsersApiController {
  constructor(
    private readonly directory: UsersDirectory,
    private readonly administration: UsersAdministration,
  ) {}

  /** The users that the caller may see, by e-mail. */
  @Get()
  @RequireScope('users:read')
  @ApiOkResponse({ type: UserListDto })
  async list(@Query() query: PageQueryDto, @CurrentPrincipal() principal: Principal): Promise<UserListDto> {
    return presentUsers(await this.directory.list(principal, pageRequest(query, PAGES)));
  }

  /** Those with a text in name or e-mail. */
  @Get('search')
  @RequireScope('users:read')
  @ApiOkResponse({ type: UserListDto })
  async search(
    @Query() query: UserSearchQueryDto,
    @CurrentPrincipal() principal: Principal,
  ): Promise<UserListDto> {
    const page = pageRequest(query, PAGES);
    return presentUsers(await this.directory.search(principal, query.q ?? '', page));
  }

  /** The caller's own memberships, by name of the organization. */
  @Get('me/memberships')
  @Authenticated()
  @ApiOkResponse({ type: MembershipListDto })
  async ownMemberships(@CurrentPrincipal() principal: Principal): Promise<MembershipListDto> {
    const userId = principal.kind === 'anonymous' ? null : principal.userId;
    const memberships = userId === null ? [] : await this.directory.ownMemberships(userId);
    return { memberships: memberships.map(presentMembership) };
  }

  /** A user and the organizations that the caller may see. */
  @Get(':id')
  @RequireScope('users:read')
  @ApiOkResponse({ type: UserDetailDto })
  async detail(@Param('id') id: string, @CurrentPrincipal() principal: Principal): Promise<UserDetailDto> {
    const { user, organizations } = await this.directory.detail(principal, idIn(id));
    return presentDetail(user, organizations);
  }

  /** The memberships of a user that the caller may see. */
  @Get(':id/memberships')
  @RequireScope('users:read')
  @ApiOkResponse({ type: MembershipListDto })
  async memberships(
    @Param('id') id: string,
    @CurrentPrincipal() principal: Principal,
  ): Promise<MembershipListDto> {
    const memberships = await this.directory.membershipsOf(principal, idIn(id));
    return { memberships: memberships.map(presentMembership) };
  }

  /** Creates a user without membership. */
  @Post()
  @RequireScope('users:write')
  @Audited('user')
  @ApiCreatedResponse({ type: OneUserDto })
  async create(@Body() body: CreateUserDto, @CurrentPrincipal() principal: Principal): Promise<OneUserDto> {
    const { email, name, oidc_sub: oidcSub } = body;
    return { user: presentUser(await this.administration.create(principal, { email, name, oidcSub })) };
  }

  /** Changes name or e-mail; everybody who is signed in may change their own name. */
  @Put(':id')
  @Authenticated()
  @Audited('user')
  @ApiOkResponse({ type: OneUserDto })
  async update(
    @Param('id') id: string,
    @Body() { name, email }: UpdateUserDto,
    @CurrentPrincipal() principal: Principal,
  ): Promise<OneUserDto> {
    return { user: presentUser(await this.administration.update(principal, idIn(id), { name, email })) };
  }

  /** Deletes a user with sessions, keys and memberships; what they published stays. */
  @Delete(':id')
  @HttpCode(200)
  @RequireScope('users:write')
  @Audited('user')
  @ApiOkResponse({ type: UserDeletedDto })
  async deleteUser(
    @Param('id') id: string,
    @CurrentPrincipal() principal: Principal,
  ): Promise<UserDeletedDto> {
    await this.administration.delete(principal, idIn(id));
    return { message: 'User deleted successfully' };
  }
}

function idIn(text: string): string {
  if (!isUuid(text)) throw new InvalidInput('Invalid user ID');
  return text.toLowerCase();
}
