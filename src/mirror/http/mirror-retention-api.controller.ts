import { Body, Controller, Get, Param, Put } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { Audited } from '../../access/audited.decorator.js';
import { CurrentPrincipal } from '../../access/current-principal.decorator.js';
import type { IdentifiedPrincipal } from '../../access/principal.js';
import { RequireScope } from '../../access/route-access.decorator.js';
import { MirrorPins } from '../retention/mirror-pins.service.js';
import { MirrorSpace } from '../retention/mirror-space.service.js';
import { MirroredVersionNameDto, MirrorSpaceDto } from './mirror-retention-api.dto.js';
import { MirrorMessageDto } from './mirrors-api.dto.js';
import { presentMirrorSpace } from './mirror-retention-api.presenter.js';

/** What mirrors hold, and what of it always stays (additions to REST contract, section 20). */
@ApiTags('Provider mirrors')
@Controller('api/v1/admin/mirrors/:id')
export class MirrorRetentionApiController {
  constructor(
    private readonly pins: MirrorPins,
    private readonly space: MirrorSpace,
  ) {}

  /** Pins a version: no retention removes it. */
  @Put('versions/pin')
  @RequireScope('mirrors:manage')
  @Audited('mirror')
  @ApiOkResponse({ type: MirrorMessageDto })
  async pin(
    @Param('id') id: string,
    @Body() body: MirroredVersionNameDto,
    @CurrentPrincipal() principal: IdentifiedPrincipal,
  ): Promise<MirrorMessageDto> {
    await this.pins.set(principal, id, versionOf(body), true);
    return { message: 'Version pinned' };
  }

  /** Ends that: the rules of the mirror decide about the version again. */
  @Put('versions/unpin')
  @RequireScope('mirrors:manage')
  @Audited('mirror')
  @ApiOkResponse({ type: MirrorMessageDto })
  async unpin(
    @Param('id') id: string,
    @Body() body: MirroredVersionNameDto,
    @CurrentPrincipal() principal: IdentifiedPrincipal,
  ): Promise<MirrorMessageDto> {
    await this.pins.set(principal, id, versionOf(body), false);
    return { message: 'Version unpinned' };
  }

  /** Bytes and packages by provider and version, and what retention would free now. */
  @Get('space')
  @RequireScope('mirrors:read')
  @ApiOkResponse({ type: MirrorSpaceDto })
  async report(
    @Param('id') id: string,
    @CurrentPrincipal() principal: IdentifiedPrincipal,
  ): Promise<MirrorSpaceDto> {
    return presentMirrorSpace(await this.space.report(principal, id));
  }
}

function versionOf({ namespace, provider_name: type, version }: MirroredVersionNameDto) {
  return { namespace, type, version };
}
