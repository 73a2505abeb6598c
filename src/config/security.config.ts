import { Matches } from 'class-validator';
import { Setting } from './setting.decorator.js';
import { TlsConfig } from './tls.config.js';

/** What browsers may do with the answers, and TLS of the listener. */
export class SecurityConfig {
  @Setting({
    key: 'security.cors.allowed_origins',
    type: 'list',
    description: '* = any origin, without credentials; origins that are listed may send credentials.',
  })
  @Matches(/^(\*|https?:\/\/[^/\s?#]+)$/, {
    each: true,
    message: 'expected a list of * or origins such as https://app.example.com',
  })
  readonly corsAllowedOrigins: string[] = ['*'];

  @Setting({
    key: 'security.cors.allowed_methods',
    type: 'list',
    description: 'Methods that a browser may use from another origin.',
  })
  @Matches(/^[A-Z]+$/, { each: true, message: 'expected a list of methods in upper case' })
  readonly corsAllowedMethods: string[] = ['GET', 'POST', 'PUT', 'DELETE', 'OPTIONS'];

  readonly tls: TlsConfig = new TlsConfig();

  @Setting({
    key: 'security.hsts.enabled',
    type: 'bool',
    description: 'Send Strict-Transport-Security; only when the public URL is https.',
  })
  readonly hstsEnabled: boolean = true;
}
