import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { Open } from '../../access/route-access.decorator.js';
import { RegistrySigning } from '../registry-signing.service.js';
import { RegistrySigningKeyDto } from './provider-api.dto.js';

/** The key of the registry itself (REST contract 30.3). */
@ApiTags('Signing keys')
@Controller('api/v1/signing-key')
export class RegistrySigningKeyApiController {
  constructor(private readonly signing: RegistrySigning) {}

  /** The public key with which the registry signs what publishers did not sign. */
  @Get()
  @Open()
  @ApiOkResponse({ type: RegistrySigningKeyDto })
  async show(): Promise<RegistrySigningKeyDto> {
    const { fingerprint, keyId, armor } = await this.signing.publicKey();
    return { fingerprint, key_id: keyId, ascii_armor: armor };
  }
}
