import { Module } from '@nestjs/common';
import { TerraformLoginModule } from '../auth/terraform-login.module.js';
import { DiscoveryController } from './http/discovery.controller.js';

/** Service discovery: `/.well-known/terraform.json`. No tables, needs only the public URL and whether login is offered. */
@Module({ imports: [TerraformLoginModule], controllers: [DiscoveryController] })
export class DiscoveryModule {}
