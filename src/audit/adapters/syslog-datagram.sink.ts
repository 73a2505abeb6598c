import { createSocket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import type { SyslogShipper } from '../../config/audit-shipper.js';
import { shipperName } from '../../config/audit-shippers.js';
import type { AuditSink } from '../audit-sink.js';
import type { AuditEntry } from '../domain/audit-entry.js';
import { syslogMessage } from './syslog-message.js';

/** What fits into a datagram on every system. */
const MAX_BYTES = 60_000;

/** Syslog over UDP: one message a datagram. UDP acknowledges nothing; handed to the network is all that is known. */
export class SyslogDatagramSink implements AuditSink {
  readonly name: string;
  readonly batchSize = 100;
  readonly intervalMs = 5_000;

  constructor(private readonly settings: SyslogShipper) {
    this.name = shipperName(settings);
  }

  async send(entries: readonly AuditEntry[]): Promise<void> {
    const { host, port } = this.settings;
    const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4');
    try {
      for (const entry of entries) {
        const message = this.fitting(entry);
        await new Promise<void>((done, fail) => {
          socket.once('error', fail);
          socket.send(message, port, host, (error) => {
            socket.off('error', fail);
            if (error) fail(error);
            else done();
          });
        });
      }
    } finally {
      socket.close();
    }
  }

  private fitting(entry: AuditEntry): Buffer {
    const whole = Buffer.from(syslogMessage(entry, this.settings));
    if (whole.length <= MAX_BYTES) return whole;
    const metadata = { note: 'The metadata is too large for a datagram' };
    return Buffer.from(syslogMessage({ ...entry, metadata }, this.settings));
  }
}
