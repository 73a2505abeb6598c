import { Global, Module } from '@nestjs/common';
import { DatabaseHealth } from './database-health.js';
import { HealthController } from './health.controller.js';
import { Readiness } from './readiness.js';

/** `/health`, `/healthz`, `/livez`, `/ready`, `/readyz`, `/version`. Features register their checks in `Readiness`. */
@Global()
@Module({
  controllers: [HealthController],
  providers: [Readiness, DatabaseHealth],
  exports: [Readiness],
})
export class HealthModule {}
