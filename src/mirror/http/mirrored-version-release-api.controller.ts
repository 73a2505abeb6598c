import { Body, Controller, HttpCode, Param, Post } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { Audited } from '../../access/audited.decorator.js';
import { CurrentPrincipal } from '../../access/current-principal.decorator.js';
import type { IdentifiedPrincipal } from '../../access/principal.js';
import { RequireScope } from '../../access/route-access.decorator.js';
import { MirroredVersionRelease } from '../decisions/mirrored-version-release.service.js';
import { MirroredVersionReleasedDto, ReleaseMirroredVersionDto } from './mirrored-version-release-api.dto.js';

/** Lets a version through its cool-down (an addition to REST contract, section 20). */
@ApiTags('Provider mirrors')
@Controller('api/v1/admin/mirrors/:id/versions')
export class MirroredVersionReleaseApiController {
  constructor(private readonly releases: MirroredVersionRelease) {}

  /** The next run of the mirror fetches the version, if policies and approvals let it. */
  @Post('release')
  @HttpCode(200)
  @RequireScope('admin')
  @Audited('mirror')
  @ApiOkResponse({ type: MirroredVersionReleasedDto })
  async release(
    @Param('id') id: string,
    @Body() { namespace, provider_name: type, version, reason }: ReleaseMirroredVersionDto,
    @CurrentPrincipal() principal: IdentifiedPrincipal,
  ): Promise<MirroredVersionReleasedDto> {
    const released = await this.releases.release(principal, id, { namespace, type, version, reason });
    return {
      message: 'The version is fetched by the next run of the mirror',
      namespace,
      provider_name: type,
      version,
      first_seen_at: released.firstSeenAt.toISOString(),
      released_at: released.releasedAt.toISOString(),
    };
  }
}
