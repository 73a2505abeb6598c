import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { EgressGuard } from './egress-guard.js';
import type { EgressProxy } from './egress-proxy.js';
import { EgressRefused } from './outbound-http.errors.js';

/** How an agent of Node is told of a connection that it did not get at once. */
export type ConnectionCallback = (error: Error | null, socket: Duplex) => void;

/** Where a connection is to lead. */
export interface ConnectionTarget {
  /** A name or an address, without brackets. */
  readonly host: string;
  /** A socket of this machine instead of a host. */
  readonly socketPath?: string | undefined;
}

/** How connections of one scheme are made. */
export interface ConnectionWays {
  /** To the target itself; names have to be looked up with the guard. */
  direct(): Duplex | null | undefined;
  /** Through the proxy. */
  proxied(proxy: EgressProxy): Promise<Duplex>;
  /** The event by which the direct connection can be used. */
  readonly ready: 'connect' | 'secureConnect';
}

/** Decides about connections before and after they are made. */
export class GuardedConnections {
  constructor(
    readonly guard: EgressGuard,
    readonly proxy: EgressProxy | undefined,
    private readonly timeoutMs: number,
  ) {}

  /** A direct connection, which is returned at once, or one through the proxy or a refusal, which `tell` is given. */
  open(target: ConnectionTarget, ways: ConnectionWays, tell: ConnectionCallback): Duplex | undefined {
    const { host } = target;
    const refuse = (error: Error): void => (tell as (error: Error) => void)(error);
    try {
      if (target.socketPath) throw new EgressRefused('A socket of this machine');
      this.guard.checkHost(host);
    } catch (error) {
      refuse(error as Error);
      return undefined;
    }
    const { proxy } = this;
    if (!proxy?.serves(host)) return this.watched(ways.direct() as Socket, host, ways.ready);
    // The proxy resolves the name again; what is known here is refused here.
    const opening = this.guard.checkResolved(host).then(() => ways.proxied(proxy));
    opening.then((socket) => tell(null, socket), refuse);
    return undefined;
  }

  /** Ends a connection that takes too long, or that led elsewhere than the lookup said; then nothing was sent. */
  private watched(socket: Socket, host: string, ready: ConnectionWays['ready']): Socket {
    const timer = setTimeout(() => {
      socket.destroy(new Error(`${host} could not be connected to within ${this.timeoutMs} ms`));
    }, this.timeoutMs);
    socket.once(ready, () => clearTimeout(timer));
    socket.once('close', () => clearTimeout(timer));
    socket.prependOnceListener('connect', () => {
      try {
        this.guard.checkPeer(host, socket.remoteAddress);
      } catch (error) {
        socket.destroy(error as Error);
      }
    });
    return socket;
  }
}
