import { Controller, Get, Param, Query, Res } from '@nestjs/common';
import { ApiOkResponse, ApiParam, ApiProduces, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { CurrentPrincipal } from '../../access/current-principal.decorator.js';
import type { IdentifiedPrincipal } from '../../access/principal.js';
import { Authenticated, RequireScope } from '../../access/route-access.decorator.js';
import { UsageConfig } from '../../config/usage.config.js';
import { Clock } from '../../kernel/clock.js';
import { ModuleAddress } from '../../kernel/terraform/module-address.js';
import { ProviderAddress } from '../../kernel/terraform/provider-address.js';
import { attachment } from '../../platform/http/content-disposition.js';
import { type DayRange, dayOf } from '../domain/day.js';
import type { Usage } from '../domain/usage.js';
import {
  type RangeLimits,
  readTopRequest,
  readUsageRequest,
  type UsageFormat,
} from '../domain/usage-request.js';
import { DownloadSources } from '../download-sources.js';
import { TopDownloads } from '../top-downloads.service.js';
import { UsageReports } from '../usage-reports.service.js';
import { TopQueryDto, UsageDto, UsageQueryDto } from './usage-api.dto.js';
import { presentTable, presentUsage, tableName } from './usage-api.presenter.js';

/** How an answer is written, and what a saved table is about. */
interface Form {
  readonly format: UsageFormat;
  readonly subject: string;
  readonly heading: string;
  readonly range: DayRange;
}

/** How often something was downloaded, and what most (REST contract 30.7). */
@ApiTags('Usage')
@Controller('api/v1')
export class UsageApiController {
  constructor(
    private readonly reports: UsageReports,
    private readonly tops: TopDownloads,
    private readonly sources: DownloadSources,
    private readonly clock: Clock,
    private readonly config: UsageConfig,
  ) {}

  /** The downloads of a module by version, day, client or organization. */
  @Get('modules/:namespace/:name/:system/usage')
  @RequireScope('modules:read')
  @ApiParam({ name: 'namespace', type: String })
  @ApiParam({ name: 'name', type: String })
  @ApiParam({ name: 'system', type: String })
  @ApiProduces('application/json', 'text/csv')
  @ApiOkResponse({ type: UsageDto })
  async ofModule(
    @Param() path: { namespace: string; name: string; system: string },
    @Query() query: UsageQueryDto,
    @CurrentPrincipal() principal: IdentifiedPrincipal,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<UsageDto | string> {
    const address = ModuleAddress.parse(path);
    const request = readUsageRequest(query, this.limits());
    const usage = await this.reports.report(principal, this.sources.modules, address, request);
    return write(reply, usage, { ...request, subject: address.toString(), heading: request.by });
  }

  /** The downloads of a provider by version, day, client or organization. */
  @Get('providers/:namespace/:type/usage')
  @RequireScope('providers:read')
  @ApiParam({ name: 'namespace', type: String })
  @ApiParam({ name: 'type', type: String })
  @ApiProduces('application/json', 'text/csv')
  @ApiOkResponse({ type: UsageDto })
  async ofProvider(
    @Param() path: { namespace: string; type: string },
    @Query() query: UsageQueryDto,
    @CurrentPrincipal() principal: IdentifiedPrincipal,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<UsageDto | string> {
    const address = ProviderAddress.parse(path);
    const request = readUsageRequest(query, this.limits());
    const usage = await this.reports.report(principal, this.sources.providers, address, request);
    return write(reply, usage, { ...request, subject: address.toString(), heading: request.by });
  }

  /** What is downloaded most of what the caller may see. */
  @Get('usage/top')
  @Authenticated()
  @ApiProduces('application/json', 'text/csv')
  @ApiOkResponse({ type: UsageDto })
  async top(
    @Query() query: TopQueryDto,
    @CurrentPrincipal() principal: IdentifiedPrincipal,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<UsageDto | string> {
    const request = readTopRequest(query, this.limits());
    const usage = await this.tops.list(principal, request);
    return write(reply, usage, { ...request, subject: 'top', heading: request.kind });
  }

  private limits(): RangeLimits {
    return { today: dayOf(this.clock.now()), maxDays: this.config.maxReportDays };
  }
}

function write(
  reply: FastifyReply,
  usage: Usage,
  { format, subject, heading, range }: Form,
): UsageDto | string {
  if (format === 'json') return presentUsage(usage);
  void reply.header('content-type', 'text/csv; charset=utf-8');
  void reply.header('content-disposition', attachment(tableName(subject, heading, range)));
  return presentTable(heading, usage);
}
