import { Setting } from './setting.decorator.js';

const DAY = 86_400_000;

/** Where the registry listens, under which addresses it is reached, and how long requests may take. */
export class ServerConfig {
  @Setting({
    key: 'server.host',
    type: 'string',
    defaultText: '0.0.0.0; 127.0.0.1 in development mode',
    description: 'Listen address.',
  })
  readonly host: string = '0.0.0.0';

  @Setting({ key: 'server.port', type: 'int', min: 1, max: 65_535, description: 'Listen port.' })
  readonly port: number = 8080;

  @Setting({
    key: 'server.base_url',
    type: 'url',
    defaultText: 'http://localhost:<server.port>; https with security.tls.enabled',
    description: 'Address under which the CLI reaches the registry; used in download and file URLs.',
  })
  readonly baseUrl: string = 'http://localhost:8080';

  @Setting({
    key: 'server.public_url',
    type: 'url',
    defaultText: 'the base URL',
    description: 'Address of the browser side. Set it when a reverse proxy presents another name.',
  })
  readonly publicUrl: string = 'http://localhost:8080';

  @Setting({
    key: 'server.read_timeout',
    type: 'duration',
    min: 1000,
    max: DAY,
    description: 'Time to receive request headers and ordinary bodies. Uploads are not cut by it.',
  })
  readonly readTimeoutMs: number = 30_000;

  @Setting({
    key: 'server.write_timeout',
    type: 'duration',
    min: 1000,
    max: DAY,
    description: 'Time to send ordinary responses. File streams are not cut by it.',
  })
  readonly writeTimeoutMs: number = 30_000;

  @Setting({
    key: 'server.upload_timeout',
    type: 'duration',
    min: 1000,
    max: DAY,
    description: 'Time for a whole upload request.',
  })
  readonly uploadTimeoutMs: number = 900_000;

  @Setting({
    key: 'server.stream_idle_timeout',
    type: 'duration',
    min: 1000,
    max: DAY,
    description: 'Longest pause inside an upload or download.',
  })
  readonly streamIdleTimeoutMs: number = 60_000;

  @Setting({
    key: 'server.shutdown_timeout',
    type: 'duration',
    min: 0,
    max: DAY,
    description: 'Drain time after a stop signal.',
  })
  readonly shutdownTimeoutMs: number = 30_000;

  @Setting({
    key: 'server.trusted_proxies',
    type: 'cidr-list',
    description:
      'Peers whose X-Forwarded-For, X-Forwarded-Proto and X-Forwarded-Host are believed. An empty YAML list means none.',
  })
  readonly trustedProxies: string[] = ['127.0.0.0/8', '::1'];

  @Setting({
    key: 'server.max_connections_per_ip',
    type: 'int',
    min: 0,
    max: 1_000_000,
    description:
      'Most open connections of one address; more are closed at once. Trusted proxies have no limit. 0 turns it off.',
  })
  readonly maxConnectionsPerIp: number = 1000;

  @Setting({
    key: 'server.host_aliases',
    type: 'list',
    description: 'Further host names that are this registry.',
  })
  readonly hostAliases: string[] = [];
}
