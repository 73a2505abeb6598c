import { Injectable, type OnModuleInit } from '@nestjs/common';
import { type MirrorHealth, Metrics } from '../../platform/metrics/metrics.js';
import { Mirrors } from '../configuration/mirrors.service.js';

/** Tells the metrics how long ago each mirror succeeded, whichever process worked on it. */
@Injectable()
export class MirrorHealthCheck implements OnModuleInit {
  constructor(
    private readonly metrics: Metrics,
    private readonly mirrors: Mirrors,
  ) {}

  onModuleInit(): void {
    this.metrics.watchMirrors(() => this.health());
  }

  /** Mirrors that never succeeded are left out. */
  async health(): Promise<MirrorHealth[]> {
    const now = Date.now();
    return (await this.mirrors.list()).flatMap(({ id, lastSuccessAt }) => {
      const age = lastSuccessAt === null ? [] : [Math.max(0, now - lastSuccessAt.getTime()) / 1000];
      return age.map((lastSuccessAgeSeconds) => ({ mirrorId: id, lastSuccessAgeSeconds }));
    });
  }
}
