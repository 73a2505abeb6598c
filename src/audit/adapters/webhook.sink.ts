import type { WebhookShipper } from '../../config/audit-shipper.js';
import { shipperName } from '../../config/audit-shippers.js';
import type { OutboundHttp } from '../../platform/outbound-http/outbound-http.js';
import type { AuditSink } from '../audit-sink.js';
import type { AuditEntry } from '../domain/audit-entry.js';
import { shippedLine } from '../shipped-entry.js';

/** NDJSON by POST to an address of the operator; delivered when the answer is 2xx. */
export class WebhookSink implements AuditSink {
  readonly name: string;
  readonly batchSize: number;
  readonly intervalMs: number;

  constructor(
    private readonly settings: WebhookShipper,
    private readonly http: OutboundHttp,
  ) {
    this.name = shipperName(settings);
    this.batchSize = settings.batchSize;
    this.intervalMs = settings.flushIntervalMs;
  }

  async send(entries: readonly AuditEntry[], signal: AbortSignal): Promise<void> {
    const { url, timeoutMs, headers } = this.settings;
    const own = Object.entries(headers).map(([name, value]) => [name, value.reveal()] as [string, string]);
    const response = await this.http.fetch(url, {
      purpose: 'audit-webhook',
      method: 'POST',
      headers: [['content-type', 'application/x-ndjson'], ...own],
      body: entries.map((entry) => `${shippedLine(entry)}\n`).join(''),
      redirect: 'error',
      timeoutMs,
      signal,
    });
    await response.body?.cancel();
    if (!response.ok) throw new Error(`The webhook answered with status ${response.status}`);
  }
}
