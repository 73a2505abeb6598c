import { readFileSync } from 'node:fs';
import { type ConnectionOptions, getCACertificates } from 'node:tls';
import { Agent, buildConnector, type Dispatcher, ProxyAgent } from 'undici';
import type { EgressConfig } from '../../config/egress.config.js';
import type { EgressGuard } from './egress-guard.js';

const CONNECT_TIMEOUT_MS = 10_000;
const KEEP_ALIVE_MS = 10_000;

/** The connections of all outgoing requests: direct ones, and those through the proxy where one is configured. */
export class GuardedDispatcher {
  private readonly direct: Agent;
  private readonly proxied: ProxyAgent | undefined;
  private readonly withoutProxy: readonly string[];

  constructor(
    private readonly guard: EgressGuard,
    config: EgressConfig,
  ) {
    const ca = config.caFile === undefined ? undefined : trustedWith(config.caFile);
    this.direct = new Agent({ connect: guardedConnector(guard, ca), keepAliveTimeout: KEEP_ALIVE_MS });
    const proxyUrl = config.proxyUrl ?? config.standardProxyUrl;
    this.proxied =
      proxyUrl === undefined
        ? undefined
        : new ProxyAgent({
            uri: proxyUrl,
            connectTimeout: CONNECT_TIMEOUT_MS,
            keepAliveTimeout: KEEP_ALIVE_MS,
            requestTls: verified(ca),
            proxyTls: verified(ca),
          });
    this.withoutProxy = config.proxyUrl === undefined ? config.noProxy.map((one) => one.toLowerCase()) : [];
  }

  /** The connections to use for `url`, after everything about it was checked. Throws `EgressRefused`. */
  async dispatcherFor(url: URL): Promise<Dispatcher> {
    this.guard.checkUrl(url);
    if (this.proxied === undefined || this.goesDirect(url.hostname.toLowerCase())) return this.direct;
    // The proxy resolves the name again; what is known here is refused here.
    await this.guard.checkResolved(url.hostname);
    return this.proxied;
  }

  /** Ends every connection. */
  async close(): Promise<void> {
    await this.direct.destroy();
    await this.proxied?.destroy();
  }

  private goesDirect(hostname: string): boolean {
    return this.withoutProxy.some((entry) => {
      const name = entry.replace(/^\*?\./, '').replace(/:\d+$/, '');
      return entry === '*' || hostname === name || hostname.endsWith(`.${name}`);
    });
  }
}

/** Connects only to addresses that the guard allows; literals never pass through a lookup, so the peer counts. */
function guardedConnector(guard: EgressGuard, ca: string[] | undefined): buildConnector.connector {
  const connect = buildConnector({
    lookup: guard.lookup,
    timeout: CONNECT_TIMEOUT_MS,
    allowH2: false,
    ...verified(ca),
  } as buildConnector.BuildOptions);
  return (options, callback) => {
    try {
      guard.checkHost(options.hostname);
    } catch (error) {
      return callback(error as Error, null);
    }
    connect(options, (...[error, socket]) => {
      if (error !== null) return callback(error, null);
      try {
        guard.checkPeer(options.hostname, socket.remoteAddress);
      } catch (refusal) {
        socket.destroy();
        return callback(refusal as Error, null);
      }
      callback(null, socket);
    });
  };
}

/** Says what is usual aloud: the environment of Node could switch the check off, or take older versions. */
function verified(ca: string[] | undefined): ConnectionOptions {
  return { rejectUnauthorized: true, minVersion: 'TLSv1.2', ...(ca !== undefined && { ca }) };
}

function trustedWith(caFile: string): string[] {
  return [...getCACertificates('default'), readFileSync(caFile, 'utf8')];
}
