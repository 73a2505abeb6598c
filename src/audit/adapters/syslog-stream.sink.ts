import { connect, type NetConnectOpts } from 'node:net';
import type { SyslogShipper } from '../../config/audit-shipper.js';
import { shipperName } from '../../config/audit-shippers.js';
import type { AuditSink } from '../audit-sink.js';
import type { AuditEntry } from '../domain/audit-entry.js';
import { syslogMessage } from './syslog-message.js';

const TIMEOUT_MS = 10_000;

/**
 * Syslog over TCP (octet counting, RFC 6587) or a unix stream socket (a message a line). The protocol has no
 * acknowledgement, so each batch has a connection of its own: it is delivered when the receiver, told that nothing
 * more comes, closes in good order.
 */
export class SyslogStreamSink implements AuditSink {
  readonly name: string;
  readonly batchSize = 100;
  readonly intervalMs = 5_000;

  constructor(private readonly settings: SyslogShipper) {
    this.name = shipperName(settings);
  }

  send(entries: readonly AuditEntry[], signal: AbortSignal): Promise<void> {
    const { network, host, port, path } = this.settings;
    const frames = entries.map((entry) => this.frame(syslogMessage(entry, this.settings))).join('');
    return new Promise((done, fail) => {
      const target: NetConnectOpts = network === 'unix' ? { path } : { host, port };
      const socket = connect({ ...target, allowHalfOpen: false });
      const stop = (): void => void socket.destroy(new Error('The shipment was broken off'));
      signal.addEventListener('abort', stop, { once: true });
      let hasEnded = false;
      socket.setTimeout(TIMEOUT_MS, () =>
        socket.destroy(new Error('The syslog server did not answer in time')),
      );
      socket.once('error', fail);
      socket.once('end', () => (hasEnded = true));
      socket.once('close', (hadError) => {
        signal.removeEventListener('abort', stop);
        if (!hadError && hasEnded && socket.writableFinished) done();
        else fail(new Error('The syslog server closed the connection too early'));
      });
      socket.resume();
      socket.end(frames);
    });
  }

  private frame(message: string): string {
    return this.settings.network === 'unix' ? `${message}\n` : `${Buffer.byteLength(message)} ${message}`;
  }
}
