import { Module } from '@nestjs/common';
import { DiscoveryController } from './http/discovery.controller.js';

/** Service discovery: `/.well-known/terraform.json`. No tables, needs only the public URL. */
@Module({ controllers: [DiscoveryController] })
export class DiscoveryModule {}
