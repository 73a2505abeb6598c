import { Controller, Get, Header } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Open } from '../../access/route-access.decorator.js';
import { ServerConfig } from '../../config/server.config.js';

/**
 * Remote service discovery (protocol, section 2). The document is built once from the configured public URL; it
 * asks no database and looks at no header of the request.
 */
@ApiTags('System')
@Controller()
export class DiscoveryController {
  private readonly document: Buffer;

  constructor({ publicUrl }: ServerConfig) {
    this.document = Buffer.from(
      JSON.stringify({
        'modules.v1': `${publicUrl}/v1/modules/`,
        'providers.v1': `${publicUrl}/v1/providers/`,
      }),
    );
  }

  /** The services of this host. Media type exactly `application/json`. */
  @Open()
  @Get('.well-known/terraform.json')
  @Header('content-type', 'application/json')
  services(): Buffer {
    return this.document;
  }
}
