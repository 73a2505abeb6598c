import { Controller, Get, Param } from '@nestjs/common';
import { ApiOkResponse, ApiParam, ApiTags } from '@nestjs/swagger';
import { PublicRead } from '../../access/route-access.decorator.js';
import { ModuleAddress } from '../../kernel/terraform/module-address.js';
import { ProviderAddress } from '../../kernel/terraform/provider-address.js';
import { RateLimit } from '../../platform/http/rate-limit.decorator.js';
import type { UsageSummary } from '../domain/usage.js';
import { DownloadSources } from '../download-sources.js';
import { UsageReports } from '../usage-reports.service.js';
import { DownloadsSummaryDto } from './downloads-summary.dto.js';

/** Download numbers as the public registry shows them to everybody. */
@ApiTags('Usage')
@RateLimit('general')
@Controller('v2')
export class DownloadsSummaryController {
  constructor(
    private readonly reports: UsageReports,
    private readonly sources: DownloadSources,
  ) {}

  /** How often a module was downloaded lately and ever. */
  @Get('modules/:namespace/:name/:system/downloads/summary')
  @PublicRead('modules:read')
  @ApiParam({ name: 'namespace', type: String })
  @ApiParam({ name: 'name', type: String })
  @ApiParam({ name: 'system', type: String })
  @ApiOkResponse({ type: DownloadsSummaryDto })
  async ofModule(
    @Param() path: { namespace: string; name: string; system: string },
  ): Promise<DownloadsSummaryDto> {
    const address = ModuleAddress.parse(path);
    const summary = await this.reports.summary(this.sources.modules, address);
    return present('module-downloads-summary', address.toString(), summary);
  }

  /** How often a provider was downloaded lately and ever. */
  @Get('providers/:namespace/:type/downloads/summary')
  @PublicRead('providers:read')
  @ApiParam({ name: 'namespace', type: String })
  @ApiParam({ name: 'type', type: String })
  @ApiOkResponse({ type: DownloadsSummaryDto })
  async ofProvider(@Param() path: { namespace: string; type: string }): Promise<DownloadsSummaryDto> {
    const address = ProviderAddress.parse(path);
    const summary = await this.reports.summary(this.sources.providers, address);
    return present('provider-downloads-summary', address.toString(), summary);
  }
}

function present(type: string, id: string, { week, month, year, total }: UsageSummary): DownloadsSummaryDto {
  return { data: { type, id, attributes: { week, month, year, total } } };
}
