import { Setting } from './setting.decorator.js';

/** TLS of the listener itself. */
export class TlsConfig {
  @Setting({ key: 'security.tls.enabled', type: 'bool', description: 'Terminate TLS in this process.' })
  readonly enabled: boolean = false;

  @Setting({
    key: 'security.tls.cert_file',
    type: 'path',
    description: 'Certificate chain in PEM form; required when TLS is enabled.',
  })
  readonly certFile?: string;

  @Setting({
    key: 'security.tls.key_file',
    type: 'path',
    description: 'Private key in PEM form; required when TLS is enabled.',
  })
  readonly keyFile?: string;

  @Setting({
    key: 'security.tls.min_version',
    type: 'string',
    values: ['1.2', '1.3'],
    description: 'Lowest TLS version.',
  })
  readonly minVersion: '1.2' | '1.3' = '1.2';
}
