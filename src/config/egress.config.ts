import { Matches } from 'class-validator';
import { Setting } from './setting.decorator.js';

/** How the targets of outgoing requests are chosen. */
export type EgressMode = 'deny_private' | 'allowlist_only' | 'off';

const LISTED = /^(?:[A-Za-z0-9*](?:[A-Za-z0-9.*_-]{0,252})|[0-9A-Fa-f:.]{2,45})(?:\/\d{1,3})?$/;

/** Which addresses the server may call, and how it gets there. */
export class EgressConfig {
  @Setting({
    key: 'security.egress.mode',
    type: 'string',
    values: ['deny_private', 'allowlist_only', 'off'],
    description:
      'deny_private refuses private, loopback and link-local targets, also after DNS and redirects; allowlist_only refuses everything that is not listed.',
  })
  readonly mode: EgressMode = 'deny_private';

  @Setting({
    key: 'security.egress.allowlist',
    type: 'list',
    description:
      'Host names (with * as wildcard), addresses or networks that outgoing requests may reach although they are private.',
  })
  @Matches(LISTED, {
    each: true,
    message: 'expected host names such as *.internal.example.com, addresses, or networks such as 10.0.0.0/8',
  })
  readonly allowlist: string[] = [];

  @Setting({
    key: 'security.egress.proxy_url',
    type: 'url',
    defaultText: 'that of HTTPS_PROXY',
    description: 'HTTP proxy for outgoing requests. Targets are checked before the proxy is asked.',
  })
  readonly proxyUrl: string | undefined = undefined;

  @Setting({
    env: 'HTTPS_PROXY',
    synonyms: ['https_proxy'],
    type: 'secret',
    description: 'The standard proxy variable; used when security.egress.proxy_url is not set.',
  })
  readonly standardProxyUrl: string | undefined = undefined;

  @Setting({
    env: 'NO_PROXY',
    synonyms: ['no_proxy'],
    type: 'list',
    description: 'Hosts that are called without the proxy: names, names with a leading dot, or *.',
  })
  readonly noProxy: string[] = [];

  @Setting({
    key: 'security.egress.ca_file',
    type: 'path',
    description: 'PEM file with certificate authorities that outgoing requests trust besides the usual ones.',
  })
  readonly caFile: string | undefined = undefined;

  @Setting({
    key: 'security.egress.timeout',
    type: 'duration',
    min: 100,
    max: 600_000,
    description: 'Time for one outgoing request with its redirects, unless its purpose has an own limit.',
  })
  readonly timeoutMs: number = 15_000;

  @Setting({
    key: 'security.egress.max_response_size',
    type: 'size',
    min: 1024,
    max: 1_073_741_824,
    description:
      'Largest answer to an outgoing request that is read as a whole, such as a discovery document.',
  })
  readonly maxResponseBytes: number = 1_048_576;
}
