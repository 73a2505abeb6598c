import { Body, Controller, Delete, Get, HttpCode, Param, Post, Put, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiQuery, ApiTags } from '@nestjs/swagger';
import { Audited } from '../../access/audited.decorator.js';
import { CurrentPrincipal } from '../../access/current-principal.decorator.js';
import type { IdentifiedPrincipal } from '../../access/principal.js';
import { Authenticated } from '../../access/route-access.decorator.js';
import { ApiKeyAdministration } from '../api-key-administration.service.js';
import { ApiKeyIssuing } from '../api-key-issuing.service.js';
import { parseEnd } from '../domain/api-key-lifetime.js';
import {
  ApiKeyAnswerDto,
  ApiKeyListDto,
  ApiKeyRevokedDto,
  ChangeApiKeyDto,
  CreateApiKeyDto,
  NewApiKeyDto,
  RotateApiKeyDto,
  RotatedApiKeyDto,
} from './api-keys-api.dto.js';
import { presentKey, presentNewKey, presentRotation } from './api-keys-api.presenter.js';

/** API keys of people and organizations (REST contract 14). */
@ApiTags('API keys')
@Controller('api/v1/apikeys')
export class ApiKeysApiController {
  constructor(
    private readonly keys: ApiKeyAdministration,
    private readonly issuing: ApiKeyIssuing,
  ) {}

  /** Own keys, and all keys of organizations where the caller holds `api_keys:manage`, newest first. */
  @Get()
  @Authenticated()
  @ApiQuery({ name: 'organization_id', required: false, type: String })
  @ApiOkResponse({ type: ApiKeyListDto })
  async list(
    @CurrentPrincipal() principal: IdentifiedPrincipal,
    @Query('organization_id') organizationId?: string,
  ): Promise<ApiKeyListDto> {
    return { keys: (await this.keys.list(principal, organizationId || undefined)).map(presentKey) };
  }

  /** Makes a key, which is shown this once. Nobody gives more than they hold. */
  @Post()
  @Authenticated()
  @Audited('api_key')
  @ApiCreatedResponse({ type: NewApiKeyDto })
  async create(
    @CurrentPrincipal() principal: IdentifiedPrincipal,
    @Body() body: CreateApiKeyDto,
  ): Promise<NewApiKeyDto> {
    const issued = await this.issuing.issue(principal, {
      name: body.name,
      description: body.description ?? '',
      organizationId: body.organization_id ?? undefined,
      scopes: body.scopes,
      expiresAt: endOf(body.expires_at) ?? null,
    });
    return presentNewKey(issued);
  }

  /** One key. */
  @Get(':id')
  @Authenticated()
  @ApiOkResponse({ type: ApiKeyAnswerDto })
  async get(
    @CurrentPrincipal() principal: IdentifiedPrincipal,
    @Param('id') id: string,
  ): Promise<ApiKeyAnswerDto> {
    return { key: presentKey(await this.keys.get(principal, id)) };
  }

  /** Changes name, description, scopes or end. */
  @Put(':id')
  @Authenticated()
  @Audited('api_key')
  @ApiOkResponse({ type: ApiKeyAnswerDto })
  async change(
    @CurrentPrincipal() principal: IdentifiedPrincipal,
    @Param('id') id: string,
    @Body() body: ChangeApiKeyDto,
  ): Promise<ApiKeyAnswerDto> {
    const key = await this.keys.change(principal, id, {
      name: body.name ?? undefined,
      description: body.description === null ? '' : body.description,
      scopes: body.scopes ?? undefined,
      expiresAt: endOf(body.expires_at),
    });
    return { key: presentKey(key) };
  }

  /** Ends a key; every replica refuses it at once. */
  @Delete(':id')
  @Authenticated()
  @Audited('api_key')
  @ApiOkResponse({ type: ApiKeyRevokedDto })
  async revoke(
    @CurrentPrincipal() principal: IdentifiedPrincipal,
    @Param('id') id: string,
  ): Promise<ApiKeyRevokedDto> {
    await this.keys.revoke(principal, id);
    return { message: 'API key revoked' };
  }

  /** Replaces a key by a new one of the same length of life; the old one may work on for some hours. */
  @Post(':id/rotate')
  @HttpCode(200)
  @Authenticated()
  @Audited('api_key')
  @ApiOkResponse({ type: RotatedApiKeyDto })
  async rotate(
    @CurrentPrincipal() principal: IdentifiedPrincipal,
    @Param('id') id: string,
    @Body() body: RotateApiKeyDto,
  ): Promise<RotatedApiKeyDto> {
    return presentRotation(await this.issuing.rotate(principal, id, body.grace_period_hours ?? 0));
  }
}

/** `undefined` stays as it is, `null` is never. An empty end, as web clients send it, is none. */
function endOf(text: string | null | undefined): Date | null | undefined {
  if (text === undefined || text === null) return text;
  return text === '' ? null : parseEnd(text);
}
