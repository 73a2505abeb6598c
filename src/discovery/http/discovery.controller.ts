import { Controller, Get, Header } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Open } from '../../access/route-access.decorator.js';
import { CLIENT_ID, LOOPBACK_PORTS } from '../../auth/domain/authorization-request.js';
import { TerraformLoginOffer } from '../../auth/terraform-login-offer.service.js';
import { ServerConfig } from '../../config/server.config.js';

/**
 * Remote service discovery (protocol, section 2). The documents with and without `login.v1` are built once from the
 * configured public URL; which of them is served is known without the database, and no header of the request
 * matters.
 */
@ApiTags('System')
@Controller()
export class DiscoveryController {
  private readonly withoutLogin: Buffer;
  private readonly withLogin: Buffer;

  constructor(
    { publicUrl }: ServerConfig,
    private readonly login: TerraformLoginOffer,
  ) {
    const services = {
      'modules.v1': `${publicUrl}/v1/modules/`,
      'providers.v1': `${publicUrl}/v1/providers/`,
    };
    const loginV1 = {
      client: CLIENT_ID,
      grant_types: ['authz_code'],
      authz: `${publicUrl}/api/v1/oauth/authorize`,
      token: `${publicUrl}/api/v1/oauth/token`,
      ports: LOOPBACK_PORTS,
    };
    this.withoutLogin = Buffer.from(JSON.stringify(services));
    this.withLogin = Buffer.from(JSON.stringify({ ...services, 'login.v1': loginV1 }));
  }

  /** The services of this host. Media type exactly `application/json`. */
  @Open()
  @Get('.well-known/terraform.json')
  @Header('content-type', 'application/json')
  async services(): Promise<Buffer> {
    return (await this.login.isOpen()) ? this.withLogin : this.withoutLogin;
  }
}
