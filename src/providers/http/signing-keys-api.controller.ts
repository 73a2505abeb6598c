import { Body, Controller, Get, HttpCode, Param, Post } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { Audited } from '../../access/audited.decorator.js';
import { CurrentPrincipal } from '../../access/current-principal.decorator.js';
import type { Principal } from '../../access/principal.js';
import { PublicRead, RequireScope } from '../../access/route-access.decorator.js';
import { InvalidInput } from '../../kernel/invalid-input.js';
import { isUuid } from '../../kernel/uuid.js';
import type { ListedSigningKey } from '../domain/signing-key.js';
import { SigningKeys } from '../signing-keys.service.js';
import {
  AddSigningKeyDto,
  RevokeSigningKeyDto,
  SigningKeyDto,
  SigningKeyListDto,
} from './signing-keys-api.dto.js';

/** The keys whose signatures count for a namespace (REST contract 30.3). */
@ApiTags('Signing keys')
@Controller('api/v1/namespaces/:namespace/signing-keys')
export class SigningKeysApiController {
  constructor(private readonly keys: SigningKeys) {}

  /** All keys of the namespace, revoked ones too, oldest first. */
  @Get()
  @PublicRead('providers:read')
  @ApiOkResponse({ type: SigningKeyListDto })
  async list(@Param('namespace') namespace: string): Promise<SigningKeyListDto> {
    return { keys: (await this.keys.list(namespace)).map(present) };
  }

  /** Registers a key. From the first one on only registered keys count. */
  @Post()
  @RequireScope('admin')
  @Audited('provider')
  @ApiCreatedResponse({ type: SigningKeyDto })
  async add(
    @Param('namespace') namespace: string,
    @Body() body: AddSigningKeyDto,
    @CurrentPrincipal() principal: Principal,
  ): Promise<SigningKeyDto> {
    return present(await this.keys.add(principal, namespace, body.ascii_armor));
  }

  /** Revokes a key for good. */
  @Post(':id/revoke')
  @HttpCode(200)
  @RequireScope('admin')
  @Audited('provider')
  @ApiOkResponse({ type: SigningKeyDto })
  async revoke(
    @Param('namespace') namespace: string,
    @Param('id') id: string,
    @Body() { reason, compromised }: RevokeSigningKeyDto,
    @CurrentPrincipal() principal: Principal,
  ): Promise<SigningKeyDto> {
    if (!isUuid(id)) throw new InvalidInput('The id of a signing key is a UUID');
    const revocation = { reason, isCompromised: compromised ?? false };
    return present(await this.keys.revoke(principal, namespace, id, revocation));
  }
}

function present(key: ListedSigningKey): SigningKeyDto {
  return {
    id: key.id,
    fingerprint: key.fingerprint,
    key_id: key.keyId,
    ascii_armor: key.asciiArmor,
    state: key.state,
    created_at: key.createdAt.toISOString(),
  };
}
