import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { CurrentPrincipal } from '../../access/current-principal.decorator.js';
import type { IdentifiedPrincipal } from '../../access/principal.js';
import { Authenticated } from '../../access/route-access.decorator.js';
import { Dashboard } from '../dashboard.service.js';
import { DashboardDto } from './dashboard-api.dto.js';
import { presentDashboard } from './dashboard-api.presenter.js';

/** The registry in numbers (REST contract 27). */
@ApiTags('Dashboard')
@Controller('api/v1/admin/stats')
export class DashboardApiController {
  constructor(private readonly dashboard: Dashboard) {}

  /** What the caller may see, in numbers; at most half a minute old. */
  @Get('dashboard')
  @Authenticated()
  @ApiOkResponse({ type: DashboardDto })
  async show(@CurrentPrincipal() principal: IdentifiedPrincipal): Promise<DashboardDto> {
    return presentDashboard(await this.dashboard.facts(principal));
  }
}
