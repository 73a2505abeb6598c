import { readFileSync } from 'node:fs';
import { Agent as HttpAgent, type ClientRequest, type ClientRequestArgs } from 'node:http';
import { Agent as HttpsAgent, type RequestOptions } from 'node:https';
import type { Socket } from 'node:net';
import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls';
import { Injectable } from '@nestjs/common';
import { EgressConfig } from '../../config/egress.config.js';
import { EgressGuard } from './egress-guard.js';
import { EgressProxy } from './egress-proxy.js';
import { type ConnectionCallback, GuardedConnections } from './guarded-connections.js';

const CONNECT_TIMEOUT_MS = 10_000;
/** Shorter than firewalls and balancers remember a connection on which nothing is sent. */
const IDLE_MS = 10_000;
/** A download through the server holds a connection as long as its client takes: as many as there are clients. */
const MAX_SOCKETS = 1024;
const POOL = { keepAlive: true, maxSockets: MAX_SOCKETS, maxFreeSockets: 32 };

/** Agents for libraries that send requests by means of Node, by scheme. */
export interface AgentPair {
  readonly http: HttpAgent;
  readonly https: HttpsAgent;
}

/**
 * Connections for the SDKs of storage backends, each behind the egress guard (threat I8): an address is checked
 * before anything is connected to, a name by every address it has, and the peer once more. They follow
 * `security.egress.*`: further certificate authorities, and the proxy, which is asked after the target was checked.
 */
@Injectable()
export class GuardedAgents {
  private readonly proxy: EgressProxy | undefined;
  private readonly context: SecureContext | undefined;

  constructor(
    private readonly guard: EgressGuard,
    config: EgressConfig,
  ) {
    const { caFile } = config;
    const ca =
      caFile === undefined ? undefined : [...getCACertificates('default'), readFileSync(caFile, 'utf8')];
    this.proxy = EgressProxy.of(config, ca, CONNECT_TIMEOUT_MS);
    this.context = ca && createSecureContext({ ca });
  }

  /**
   * A pool of its own. `alsoAllow` are hosts that the operator's own configuration names, in the form of
   * `security.egress.allowlist`: they are trusted as the address of the database is. What comes out of the database
   * or of a request never stands there. Requests fail with `EgressRefused`.
   */
  agents({ alsoAllow = [] }: { readonly alsoAllow?: readonly string[] } = {}): AgentPair {
    const guard = alsoAllow.length === 0 ? this.guard : this.guard.alsoAllowing(alsoAllow);
    const connections = new GuardedConnections(guard, this.proxy, CONNECT_TIMEOUT_MS);
    return { http: new PlainAgent(connections), https: new TlsAgent(connections, this.context) };
  }
}

class PlainAgent extends HttpAgent {
  constructor(private readonly connections: GuardedConnections) {
    super({
      ...POOL,
      lookup: connections.guard.lookup,
      ...(connections.proxy && { proxyEnv: connections.proxy.environment }),
    });
  }

  override createConnection(options: ClientRequestArgs, tell: ConnectionCallback) {
    const ways = {
      direct: () => super.createConnection(options),
      proxied: (proxy: EgressProxy) => proxy.connect(),
      ready: 'connect',
    } as const;
    return this.connections.open(targetOf(options), ways, tell);
  }

  override keepSocketAlive(socket: Socket): void {
    return limitIdleness(socket, super.keepSocketAlive(socket));
  }

  override reuseSocket(socket: Socket, request: ClientRequest): void {
    socket.setTimeout(0);
    super.reuseSocket(socket, request);
  }
}

class TlsAgent extends HttpsAgent {
  constructor(
    private readonly connections: GuardedConnections,
    secureContext: SecureContext | undefined,
  ) {
    // Not as a list of authorities: the agent would put it into the name of every connection.
    super({ ...POOL, lookup: connections.guard.lookup, ...(secureContext && { secureContext }) });
  }

  override createConnection(options: RequestOptions, tell: ConnectionCallback) {
    const target = targetOf(options);
    const ways = {
      direct: () => super.createConnection(options),
      proxied: async (proxy: EgressProxy) => {
        const socket = await proxy.tunnelTo(target.host, Number(options.port ?? 443));
        return super.createConnection({ ...options, socket } as RequestOptions)!;
      },
      ready: 'secureConnect',
    } as const;
    return this.connections.open(target, ways, tell);
  }

  override keepSocketAlive(socket: Socket): void {
    return limitIdleness(socket, super.keepSocketAlive(socket));
  }

  override reuseSocket(socket: Socket, request: ClientRequest): void {
    socket.setTimeout(0);
    super.reuseSocket(socket, request);
  }
}

function targetOf({ host, socketPath }: ClientRequestArgs): {
  host: string;
  socketPath?: string | undefined;
} {
  return { host: host ?? 'localhost', socketPath: socketPath ?? undefined };
}

/** `isKept` is what Node says although its types do not: whether the connection may be used again. */
function limitIdleness(socket: Socket, isKept: void): void {
  socket.setTimeout(IDLE_MS);
  return isKept;
}
