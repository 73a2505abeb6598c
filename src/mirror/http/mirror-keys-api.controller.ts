import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { Audited } from '../../access/audited.decorator.js';
import { CurrentPrincipal } from '../../access/current-principal.decorator.js';
import type { IdentifiedPrincipal } from '../../access/principal.js';
import { RequireScope } from '../../access/route-access.decorator.js';
import { pageRequest } from '../../kernel/page.js';
import { PageQueryDto } from '../../platform/http/pagination.dto.js';
import { MirrorKeyDecisions } from '../keys/mirror-key-decisions.service.js';
import { MirrorKeyRevocation } from '../keys/mirror-key-revocation.service.js';
import {
  MirrorKeyDto,
  MirrorKeyListDto,
  PinMirrorKeyDto,
  RestoredMirrorVersionsDto,
  RevokedMirrorKeyDto,
  RevokeMirrorKeyDto,
  SignedVersionListDto,
} from './mirror-keys-api.dto.js';
import { presentMirrorKey, presentSignedVersions } from './mirror-keys-api.presenter.js';

const VERSIONS = { perPage: 100, maxPerPage: 1_000 };

/** The keys whose signatures count for what a mirror fetches (an addition to REST contract, section 20). */
@ApiTags('Provider mirrors')
@Controller('api/v1/admin/mirrors/:id/keys')
export class MirrorKeysApiController {
  constructor(
    private readonly keys: MirrorKeyDecisions,
    private readonly revocation: MirrorKeyRevocation,
  ) {}

  /** All keys that were pinned, seen or revoked, by namespace. Those that come with the program are not among them. */
  @Get()
  @RequireScope('mirrors:read')
  @ApiOkResponse({ type: MirrorKeyListDto })
  async list(
    @Param('id') id: string,
    @CurrentPrincipal() principal: IdentifiedPrincipal,
  ): Promise<MirrorKeyListDto> {
    return { keys: (await this.keys.list(principal, id)).map(presentMirrorKey) };
  }

  /** Pins a key: it counts, and every other key of its namespace needs an approval. */
  @Post()
  @RequireScope('admin')
  @Audited('mirror')
  @ApiCreatedResponse({ type: MirrorKeyDto })
  async pin(
    @Param('id') id: string,
    @Body() { namespace, ascii_armor: armor }: PinMirrorKeyDto,
    @CurrentPrincipal() principal: IdentifiedPrincipal,
  ): Promise<MirrorKeyDto> {
    return presentMirrorKey(await this.keys.pin(principal, id, { namespace, armor }));
  }

  /** The versions that are here and that a key signed: what to look at when it was stolen. */
  @Get(':key_id/versions')
  @RequireScope('mirrors:read')
  @ApiOkResponse({ type: SignedVersionListDto })
  async signedBy(
    @Param('id') id: string,
    @Param('key_id') keyId: string,
    @Query() query: PageQueryDto,
    @CurrentPrincipal() principal: IdentifiedPrincipal,
  ): Promise<SignedVersionListDto> {
    const page = pageRequest(query, VERSIONS);
    return presentSignedVersions(await this.keys.signedBy(principal, id, keyId, page));
  }

  /** Lets a key count whose releases were held back. The next run fetches them. */
  @Post(':key_id/approve')
  @HttpCode(200)
  @RequireScope('admin')
  @Audited('mirror')
  @ApiOkResponse({ type: MirrorKeyDto })
  async approve(
    @Param('id') id: string,
    @Param('key_id') keyId: string,
    @CurrentPrincipal() principal: IdentifiedPrincipal,
  ): Promise<MirrorKeyDto> {
    return presentMirrorKey(await this.keys.approve(principal, id, keyId));
  }

  /** Revokes a key for good: nothing that it signed is fetched any more, and unless wanted otherwise, nothing is served. */
  @Post(':key_id/revoke')
  @HttpCode(200)
  @RequireScope('admin')
  @Audited('mirror')
  @ApiOkResponse({ type: RevokedMirrorKeyDto })
  async revoke(
    @Param('id') id: string,
    @Param('key_id') keyId: string,
    @Body() { hold_back: holdsBack = true }: RevokeMirrorKeyDto,
    @CurrentPrincipal() principal: IdentifiedPrincipal,
  ): Promise<RevokedMirrorKeyDto> {
    const heldBack = await this.revocation.revoke(principal, id, keyId, holdsBack);
    const key = presentMirrorKey(await this.keys.find(principal, id, keyId));
    return { ...key, held_back_versions: heldBack };
  }

  /** Has served again what the revocation of a key has held back; the key stays revoked. */
  @Post(':key_id/restore-versions')
  @HttpCode(200)
  @RequireScope('admin')
  @Audited('mirror')
  @ApiOkResponse({ type: RestoredMirrorVersionsDto })
  async restoreVersions(
    @Param('id') id: string,
    @Param('key_id') keyId: string,
    @CurrentPrincipal() principal: IdentifiedPrincipal,
  ): Promise<RestoredMirrorVersionsDto> {
    const restored = await this.revocation.restore(principal, id, keyId);
    return { message: 'Versions restored successfully', restored_versions: restored };
  }
}
