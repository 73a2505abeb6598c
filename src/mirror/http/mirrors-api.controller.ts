import { Body, Controller, Delete, Get, HttpCode, Param, Post, Put, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { Audited } from '../../access/audited.decorator.js';
import { CurrentPrincipal } from '../../access/current-principal.decorator.js';
import type { IdentifiedPrincipal } from '../../access/principal.js';
import { RequireScope } from '../../access/route-access.decorator.js';
import { MirrorAccess } from '../configuration/mirror-access.service.js';
import { MirrorAdministration } from '../configuration/mirror-administration.service.js';
import { MirrorRemoval } from '../configuration/mirror-removal.service.js';
import { MirroredCatalog } from '../configuration/mirrored-catalog.service.js';
import { Mirrors } from '../configuration/mirrors.service.js';
import {
  CreateMirrorDto,
  DeleteMirrorQueryDto,
  MirrorDto,
  MirrorListDto,
  MirrorListQueryDto,
  MirrorMessageDto,
  UpdateMirrorDto,
} from './mirrors-api.dto.js';
import { MirroredProviderListDto } from './mirrored-providers-api.dto.js';
import { mirrorDraft, presentBrought, presentMirror } from './mirrors-api.presenter.js';

/** Mirrors of upstream registries (REST contract 20). */
@ApiTags('Provider mirrors')
@Controller('api/v1/admin/mirrors')
export class MirrorsApiController {
  constructor(
    private readonly mirrors: Mirrors,
    private readonly access: MirrorAccess,
    private readonly administration: MirrorAdministration,
    private readonly removal: MirrorRemoval,
    private readonly catalog: MirroredCatalog,
  ) {}

  /** The mirrors that the caller may see, by name. */
  @Get()
  @RequireScope('mirrors:read')
  @ApiOkResponse({ type: MirrorListDto })
  async list(
    @Query() { enabled }: MirrorListQueryDto,
    @CurrentPrincipal() principal: IdentifiedPrincipal,
  ): Promise<MirrorListDto> {
    const owners = await this.access.visible(principal);
    const mirrors = await this.mirrors.list(owners, { onlyEnabled: enabled === 'true' });
    return { mirrors: mirrors.map(presentMirror) };
  }

  /** Adds a mirror; it runs at once unless it is disabled. */
  @Post()
  @RequireScope('mirrors:manage')
  @Audited('mirror')
  @ApiCreatedResponse({ type: MirrorDto })
  async add(
    @Body() body: CreateMirrorDto,
    @CurrentPrincipal() principal: IdentifiedPrincipal,
  ): Promise<MirrorDto> {
    return presentMirror(await this.administration.add(principal, mirrorDraft(body)));
  }

  /** One mirror. */
  @Get(':id')
  @RequireScope('mirrors:read')
  @ApiOkResponse({ type: MirrorDto })
  async get(@Param('id') id: string, @CurrentPrincipal() principal: IdentifiedPrincipal): Promise<MirrorDto> {
    return presentMirror(await this.access.get(principal, id, 'mirrors:read'));
  }

  /** Changes a mirror; an empty list clears a filter. */
  @Put(':id')
  @RequireScope('mirrors:manage')
  @Audited('mirror')
  @ApiOkResponse({ type: MirrorDto })
  async change(
    @Param('id') id: string,
    @Body() body: UpdateMirrorDto,
    @CurrentPrincipal() principal: IdentifiedPrincipal,
  ): Promise<MirrorDto> {
    const mirror = await this.access.get(principal, id, 'mirrors:manage');
    return presentMirror(await this.administration.change(principal, mirror, mirrorDraft(body)));
  }

  /** Deletes a mirror; what it brought stays installable, unless `purge=true`. */
  @Delete(':id')
  @HttpCode(200)
  @RequireScope('mirrors:manage')
  @Audited('mirror')
  @ApiOkResponse({ type: MirrorMessageDto })
  async remove(
    @Param('id') id: string,
    @Query() { purge }: DeleteMirrorQueryDto,
    @CurrentPrincipal() principal: IdentifiedPrincipal,
  ): Promise<MirrorMessageDto> {
    const mirror = await this.access.get(principal, id, 'mirrors:manage');
    const isPurge = purge === 'true';
    const purged = await this.removal.remove(mirror.id, { isPurge });
    const message = 'Mirror configuration deleted successfully';
    return { message: isPurge ? `${message}; ${purged} mirrored providers are being deleted` : message };
  }

  /** What the mirror brought here and is here still. */
  @Get(':id/providers')
  @RequireScope('mirrors:read')
  @ApiOkResponse({ type: MirroredProviderListDto })
  async providers(
    @Param('id') id: string,
    @CurrentPrincipal() principal: IdentifiedPrincipal,
  ): Promise<MirroredProviderListDto> {
    const mirror = await this.access.get(principal, id, 'mirrors:read');
    return { providers: (await this.catalog.list(mirror)).map(presentBrought) };
  }
}
