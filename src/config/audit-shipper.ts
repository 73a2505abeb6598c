import type { HiddenText } from './hidden-text.js';

/** Syslog, RFC 5424. */
export interface SyslogShipper {
  readonly type: 'syslog';
  readonly network: 'udp' | 'tcp' | 'unix';
  /** Of UDP and TCP. */
  readonly host: string;
  readonly port: number;
  /** Of a unix stream socket. */
  readonly path: string;
  readonly tag: string;
  /** 0 to 23. */
  readonly facility: number;
}

/** NDJSON by POST. */
export interface WebhookShipper {
  readonly type: 'webhook';
  readonly url: string;
  readonly headers: Readonly<Record<string, HiddenText>>;
  readonly timeoutMs: number;
  readonly batchSize: number;
  readonly flushIntervalMs: number;
}

/** NDJSON in a file that is rotated. */
export interface FileShipper {
  readonly type: 'file';
  readonly path: string;
  readonly maxBytes: number;
  readonly maxBackups: number;
}

/** One enabled entry of `audit.shippers`, complete and checked. */
export type AuditShipper = SyslogShipper | WebhookShipper | FileShipper;
