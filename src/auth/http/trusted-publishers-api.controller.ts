import { Body, Controller, Delete, Get, HttpCode, Param, Post } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { Audited } from '../../access/audited.decorator.js';
import { CurrentPrincipal } from '../../access/current-principal.decorator.js';
import type { Principal } from '../../access/principal.js';
import { RequireScope } from '../../access/route-access.decorator.js';
import { InvalidInput } from '../../kernel/invalid-input.js';
import { isUuid } from '../../kernel/uuid.js';
import { TrustedPublishers } from '../trusted-publishers.service.js';
import {
  CreateTrustedPublisherDto,
  TrustedPublisherDto,
  TrustedPublisherListDto,
} from './trusted-publishers.dto.js';
import { presentPublisher } from './trusted-publishers.presenter.js';

/** Which pipelines may publish for an organization (REST contract 30.5). */
@ApiTags('Organizations')
@Controller('api/v1/organizations/:id/trusted-publishers')
export class TrustedPublishersApiController {
  constructor(private readonly publishers: TrustedPublishers) {}

  /** The publishers of an organization, oldest first. */
  @Get()
  @RequireScope('admin', { organizationParam: 'id' })
  @ApiOkResponse({ type: TrustedPublisherListDto })
  async list(@Param('id') organizationId: string): Promise<TrustedPublisherListDto> {
    const publishers = await this.publishers.list(organizationId.toLowerCase());
    return { trusted_publishers: publishers.map(presentPublisher) };
  }

  /** Lets a pipeline publish. */
  @Post()
  @RequireScope('admin', { organizationParam: 'id' })
  @Audited('api_key')
  @ApiCreatedResponse({ type: TrustedPublisherDto })
  async create(
    @Param('id') organizationId: string,
    @Body() { subject_kind, ...body }: CreateTrustedPublisherDto,
    @CurrentPrincipal() principal: Principal,
  ): Promise<TrustedPublisherDto> {
    const input = { ...body, subjectKind: subject_kind };
    return presentPublisher(await this.publishers.create(principal, organizationId.toLowerCase(), input));
  }

  /** Ends a publisher and the tokens it holds. */
  @Delete(':publisher_id')
  @HttpCode(204)
  @RequireScope('admin', { organizationParam: 'id' })
  @Audited('api_key')
  @ApiNoContentResponse()
  async delete(@Param('id') organizationId: string, @Param('publisher_id') id: string): Promise<void> {
    if (!isUuid(id)) throw new InvalidInput('Invalid trusted publisher ID');
    await this.publishers.delete(organizationId.toLowerCase(), id.toLowerCase());
  }
}
