import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiAcceptedResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { Audited } from '../../access/audited.decorator.js';
import { CurrentPrincipal } from '../../access/current-principal.decorator.js';
import type { IdentifiedPrincipal } from '../../access/principal.js';
import { RequireScope } from '../../access/route-access.decorator.js';
import { MirrorConfig } from '../../config/mirror.config.js';
import { InvalidInput } from '../../kernel/invalid-input.js';
import { pageRequest } from '../../kernel/page.js';
import { isUuid } from '../../kernel/uuid.js';
import { PageQueryDto } from '../../platform/http/pagination.dto.js';
import { SyncNotFound } from '../domain/mirror-sync.errors.js';
import { syncRestriction } from '../domain/sync-restriction.js';
import { MirrorAccess } from '../configuration/mirror-access.service.js';
import { MirrorSyncs } from '../sync/mirror-syncs.service.js';
import { MirrorMessageDto } from './mirrors-api.dto.js';
import { presentMirror } from './mirrors-api.presenter.js';
import {
  MirrorStatusDto,
  MirrorSyncDetailDto,
  MirrorSyncListDto,
  SyncTriggeredDto,
  TriggerSyncDto,
} from './mirror-syncs-api.dto.js';
import { presentSync, presentSyncBriefly, presentSyncDetail } from './mirror-syncs-api.presenter.js';

const RECENT = 10;
const PACKAGES = { perPage: 100, maxPerPage: 1_000 };

/** Runs of mirrors: asked for, watched, cancelled (REST contract 20). */
@ApiTags('Provider mirrors')
@Controller('api/v1/admin/mirrors/:id')
export class MirrorSyncsApiController {
  constructor(
    private readonly access: MirrorAccess,
    private readonly syncs: MirrorSyncs,
    private readonly config: MirrorConfig,
  ) {}

  /** Asks for a run of the whole mirror, or of one namespace or provider. */
  @Post('sync')
  @HttpCode(202)
  @RequireScope('mirrors:manage')
  @Audited('mirror')
  @ApiAcceptedResponse({ type: SyncTriggeredDto })
  async trigger(
    @Param('id') id: string,
    @Body() { namespace, provider_name: providerName }: TriggerSyncDto,
    @CurrentPrincipal() principal: IdentifiedPrincipal,
  ): Promise<SyncTriggeredDto> {
    const mirror = await this.access.get(principal, id, 'mirrors:manage');
    const restriction = syncRestriction(mirror, { namespace, providerName });
    const sync = await this.syncs.trigger(mirror, restriction, 'manual');
    return { message: 'Sync triggered successfully', sync_id: sync.id };
  }

  /** The mirror, the run that goes on, those before, and when the next one is due. */
  @Get('status')
  @RequireScope('mirrors:read')
  @ApiOkResponse({ type: MirrorStatusDto })
  async status(
    @Param('id') id: string,
    @CurrentPrincipal() principal: IdentifiedPrincipal,
  ): Promise<MirrorStatusDto> {
    const mirror = await this.access.get(principal, id, 'mirrors:read');
    const current = await this.syncs.current(mirror.id);
    const recent = await this.syncs.recent(mirror.id, RECENT);
    return {
      mirror_config: presentMirror(mirror),
      ...(current !== null && { current_sync: presentSync(current) }),
      recent_syncs: recent.map(presentSync),
      ...(mirror.nextSyncAt !== null && { next_scheduled: mirror.nextSyncAt.toISOString() }),
    };
  }

  /** Every run that is remembered (`mirror.history`), newest first. */
  @Get('syncs')
  @RequireScope('mirrors:read')
  @ApiOkResponse({ type: MirrorSyncListDto })
  async list(
    @Param('id') id: string,
    @CurrentPrincipal() principal: IdentifiedPrincipal,
  ): Promise<MirrorSyncListDto> {
    const mirror = await this.access.get(principal, id, 'mirrors:read');
    const syncs = await this.syncs.recent(mirror.id, this.config.history + 1);
    return { syncs: syncs.map(presentSyncBriefly) };
  }

  /** One run, and package by package what became of it. */
  @Get('syncs/:sync_id')
  @RequireScope('mirrors:read')
  @ApiOkResponse({ type: MirrorSyncDetailDto })
  async detail(
    @Param('id') id: string,
    @Param('sync_id') syncId: string,
    @Query() query: PageQueryDto,
    @CurrentPrincipal() principal: IdentifiedPrincipal,
  ): Promise<MirrorSyncDetailDto> {
    const mirror = await this.access.get(principal, id, 'mirrors:read');
    const sync = await this.syncs.find(mirror.id, syncIdIn(syncId));
    if (sync === null) throw new SyncNotFound();
    return presentSyncDetail(sync, await this.syncs.lines(sync.id, pageRequest(query, PACKAGES)));
  }

  /** Ends a run before its next package; what it stored stays. */
  @Post('syncs/:sync_id/cancel')
  @HttpCode(202)
  @RequireScope('mirrors:manage')
  @Audited('mirror')
  @ApiAcceptedResponse({ type: MirrorMessageDto })
  async cancel(
    @Param('id') id: string,
    @Param('sync_id') syncId: string,
    @CurrentPrincipal() principal: IdentifiedPrincipal,
  ): Promise<MirrorMessageDto> {
    const mirror = await this.access.get(principal, id, 'mirrors:manage');
    await this.syncs.cancel(mirror, syncIdIn(syncId));
    return { message: 'The sync ends before its next package' };
  }
}

function syncIdIn(text: string): string {
  if (!isUuid(text)) throw new InvalidInput('Invalid sync ID');
  return text.toLowerCase();
}
