import { Setting } from './setting.decorator.js';

/** The metrics listener. */
export class TelemetryConfig {
  @Setting({ key: 'telemetry.enabled', type: 'bool', description: 'Master switch for telemetry.' })
  readonly enabled: boolean = true;

  @Setting({
    key: 'telemetry.service_name',
    type: 'string',
    description: 'Name of the service in logs and metrics.',
  })
  readonly serviceName: string = 'terraform-registry';

  @Setting({ key: 'telemetry.metrics.enabled', type: 'bool', description: 'Serve Prometheus metrics.' })
  readonly metricsEnabled: boolean = true;

  @Setting({
    key: 'telemetry.metrics.prometheus_port',
    type: 'int',
    min: 1,
    max: 65_535,
    description: 'Port of the metrics listener, path /metrics.',
  })
  readonly metricsPort: number = 9090;

  @Setting({
    key: 'telemetry.metrics.host',
    type: 'string',
    defaultText: '= server.host',
    description: 'Address of the metrics listener.',
  })
  readonly metricsHost: string = '0.0.0.0';
}
