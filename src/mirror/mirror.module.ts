import { Module } from '@nestjs/common';
import { NetworkMirrorController } from './http/network-mirror.controller.js';

/**
 * The network mirror protocol for providers. Routes: `/terraform/providers/…` (frozen by the clients). Has no tables:
 * the providers feature prepares the documents of what is published here.
 */
@Module({ controllers: [NetworkMirrorController] })
export class MirrorModule {}
