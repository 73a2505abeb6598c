import { Logger } from '@nestjs/common';
import type { Server, Socket } from 'node:net';
import type { ServerConfig } from '../../config/server.config.js';
import { ClientAddress } from './client-address.js';

const WARN_EVERY_MS = 60_000;
const MAPPED = /^::ffff:(?=\d+\.)/i;

/**
 * Holds every address to so many open connections (threat W3). What is above is closed before a byte of it is read,
 * also before TLS begins. Trusted proxies are not counted: behind them is everybody.
 */
export class ConnectionLimit {
  private readonly logger = new Logger('Connections');
  private readonly open = new Map<string, number>();
  private readonly most: number;
  private readonly proxies: ClientAddress;
  private warnedMs = Number.NEGATIVE_INFINITY;

  constructor({ maxConnectionsPerIp, trustedProxies }: ServerConfig) {
    this.most = maxConnectionsPerIp;
    this.proxies = new ClientAddress(trustedProxies);
  }

  /** Stands before everything that the server does with a new connection; call it once the server is complete. */
  guard(server: Server): void {
    if (this.most === 0) return;
    const accept = server.listeners('connection');
    server.removeAllListeners('connection');
    server.on('connection', (socket: Socket) => {
      if (!this.admit(socket)) socket.destroy();
      else for (const listener of accept) listener.call(server, socket);
    });
  }

  private admit(socket: Socket): boolean {
    const address = socket.remoteAddress?.replace(MAPPED, '') ?? '';
    if (this.proxies.isTrusted(address)) return true;
    const count = this.open.get(address) ?? 0;
    if (count >= this.most) {
      this.warn(address);
      return false;
    }
    this.open.set(address, count + 1);
    socket.once('close', () => this.release(address));
    return true;
  }

  private release(address: string): void {
    const count = this.open.get(address)!;
    if (count === 1) this.open.delete(address);
    else this.open.set(address, count - 1);
  }

  private warn(address: string): void {
    if (performance.now() - this.warnedMs < WARN_EVERY_MS) return;
    this.warnedMs = performance.now();
    this.logger.warn(
      `Connections from ${address} are closed: it has ${this.most} open, as many as server.max_connections_per_ip allows`,
    );
  }
}
