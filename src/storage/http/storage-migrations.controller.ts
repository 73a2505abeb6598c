import { Body, Controller, Get, HttpCode, Param, Post, Query, Res } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Audited } from '../../access/audited.decorator.js';
import { CurrentPrincipal } from '../../access/current-principal.decorator.js';
import type { IdentifiedPrincipal } from '../../access/principal.js';
import { RequireScope } from '../../access/route-access.decorator.js';
import { InvalidInput } from '../../kernel/invalid-input.js';
import { pageRequest } from '../../kernel/page.js';
import { isUuid } from '../../kernel/uuid.js';
import { PageQueryDto } from '../../platform/http/pagination.dto.js';
import { presentPagination } from '../../platform/http/pagination.presenter.js';
import { StorageMigrationReports } from '../storage-migration-reports.service.js';
import { StorageMigrations } from '../storage-migrations.service.js';
import {
  StartStorageMigrationDto,
  StorageMigrationDetailDto,
  StorageMigrationDto,
  StorageMigrationListDto,
  StorageMigrationPlanDto,
} from './storage-migrations.dto.js';
import { presentMigration, presentPlan, presentProgress } from './storage-migrations.presenter.js';

const PAGES = { perPage: 20, maxPerPage: 100 };

/** Moves of all objects from one storage to another, while everything stays readable. */
@ApiTags('Storage migrations')
@Controller('api/v1/storage/migrations')
export class StorageMigrationsController {
  constructor(
    private readonly migrations: StorageMigrations,
    private readonly reports: StorageMigrationReports,
  ) {}

  /** Starts a migration; with `dry_run` says what it would move, and answers 200. */
  @Post()
  @RequireScope('admin', 'platform')
  @Audited('storage')
  @ApiCreatedResponse({ type: StorageMigrationDto })
  @ApiOkResponse({ type: StorageMigrationPlanDto, description: 'With `dry_run`' })
  async start(
    @Body() { source, target, dry_run: isDryRun = false, verify: readsBack = true }: StartStorageMigrationDto,
    @CurrentPrincipal() { userId: createdBy }: IdentifiedPrincipal,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<StorageMigrationDto | StorageMigrationPlanDto> {
    if (isDryRun) {
      void reply.status(200);
      return presentPlan(await this.migrations.plan(source, target));
    }
    return presentMigration(await this.migrations.start({ source, target, readsBack, createdBy }));
  }

  /** All migrations, newest first. */
  @Get()
  @RequireScope('admin', 'platform')
  @ApiOkResponse({ type: StorageMigrationListDto })
  async list(@Query() query: PageQueryDto): Promise<StorageMigrationListDto> {
    const page = await this.reports.list(pageRequest(query, PAGES));
    return { migrations: page.items.map(presentMigration), pagination: presentPagination(page) };
  }

  /** How far a migration is, and what went wrong. */
  @Get(':id')
  @RequireScope('admin', 'platform')
  @ApiOkResponse({ type: StorageMigrationDetailDto })
  async detail(@Param('id') id: string): Promise<StorageMigrationDetailDto> {
    return presentProgress(await this.reports.get(idInPath(id)));
  }

  /** Stops moving until it is resumed: from the answer on nothing changes. */
  @Post(':id/pause')
  @HttpCode(200)
  @RequireScope('admin', 'platform')
  @Audited('storage')
  @ApiOkResponse({ type: StorageMigrationDto })
  async pause(@Param('id') id: string): Promise<StorageMigrationDto> {
    return presentMigration(await this.migrations.pause(idInPath(id)));
  }

  /** Goes on, and tries again what could not be moved. */
  @Post(':id/resume')
  @HttpCode(200)
  @RequireScope('admin', 'platform')
  @Audited('storage')
  @ApiOkResponse({ type: StorageMigrationDto })
  async resume(@Param('id') id: string): Promise<StorageMigrationDto> {
    return presentMigration(await this.migrations.resume(idInPath(id)));
  }

  /** Ends a migration for good; what was moved stays in the target. */
  @Post(':id/cancel')
  @HttpCode(200)
  @RequireScope('admin', 'platform')
  @Audited('storage')
  @ApiOkResponse({ type: StorageMigrationDto })
  async cancel(@Param('id') id: string): Promise<StorageMigrationDto> {
    return presentMigration(await this.migrations.cancel(idInPath(id)));
  }

  /** Reads every object of the target again and compares its digest. */
  @Post(':id/verify')
  @HttpCode(200)
  @RequireScope('admin', 'platform')
  @Audited('storage')
  @ApiOkResponse({ type: StorageMigrationDto })
  async verify(@Param('id') id: string): Promise<StorageMigrationDto> {
    return presentMigration(await this.migrations.verify(idInPath(id)));
  }
}

function idInPath(text: string): string {
  if (!isUuid(text)) throw new InvalidInput('Invalid storage migration ID');
  return text.toLowerCase();
}
