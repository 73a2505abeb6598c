import { Controller, type DynamicModule, Module } from '@nestjs/common';
import { PrometheusModule } from '@willsoto/nestjs-prometheus';
import { Registry } from 'prom-client';
import { MetricsServer } from './metrics-server.js';
import { Metrics } from './metrics.js';

/** Takes the place of the controller of the package, so that no metric is ever on the public port. */
@Controller()
class NoMetricsRoute {}

/**
 * The metrics of the process and of the product, in one registry per application; served on a port of their
 * own, off with `telemetry.metrics.enabled = false`.
 */
@Module({})
export class MetricsModule {
  /** Metrics for one application: those of the process come from the package, the product's from `Metrics`. */
  static forRoot(): DynamicModule {
    const registry = new Registry();
    const processMetrics = PrometheusModule.register({
      controller: NoMetricsRoute,
      defaultMetrics: { enabled: true, config: { register: registry } },
    });
    return {
      module: MetricsModule,
      global: true,
      imports: [processMetrics],
      providers: [{ provide: Registry, useValue: registry }, Metrics, MetricsServer],
      exports: [Metrics],
    };
  }
}
