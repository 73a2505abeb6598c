import { Injectable, Logger } from '@nestjs/common';
import { Metrics } from '../platform/metrics/metrics.js';
import { type AuditSink, AuditSinks } from './audit-sink.js';
import { AuditShipmentsRepository, type ShipperLock } from './persistence/audit-shipments.repository.js';

/** One run ends after this time, so that other jobs get their turn; the next one goes on. */
const RUN_MS = 20_000;
const FIRST_PAUSE_MS = 2_000;
const LONGEST_PAUSE_MS = 300_000;

interface Pause {
  readonly failures: number;
  readonly untilMs: number;
}

/**
 * Sends audit entries to the sinks of `audit.shippers`: at least once, those of one chain in their order. The
 * position moves only after the other side has them; for each sink one process ships at a time, and after a
 * failure it waits longer and longer, up to five minutes.
 */
@Injectable()
export class ShipAudit {
  private readonly log = new Logger('Audit');
  private readonly pauses = new Map<string, Pause>();
  private readonly lastRunMs = new Map<string, number>();

  constructor(
    private readonly sinks: AuditSinks,
    private readonly shipments: AuditShipmentsRepository,
    private readonly metrics: Metrics,
  ) {}

  /** How often there may be something to do. */
  get intervalMs(): number | undefined {
    const intervals = this.sinks.list.map(({ intervalMs }) => intervalMs);
    return intervals.length === 0 ? undefined : Math.min(...intervals);
  }

  /** Ships what waits, for every sink whose time has come. Failures are logged and counted, never thrown. */
  async run(signal: AbortSignal = new AbortController().signal): Promise<void> {
    const nowMs = performance.now();
    const due = this.sinks.list.filter(({ name, intervalMs }) => {
      const earliestMs = (this.lastRunMs.get(name) ?? Number.NEGATIVE_INFINITY) + intervalMs / 2;
      return nowMs >= Math.max(earliestMs, this.pauses.get(name)?.untilMs ?? 0);
    });
    await Promise.all(due.map((sink) => this.runOne(sink, signal)));
  }

  /** Ships what waits for one sink now, unless another process does. */
  async runOne(sink: AuditSink, signal: AbortSignal): Promise<void> {
    this.lastRunMs.set(sink.name, performance.now());
    let lock: ShipperLock | undefined;
    try {
      lock = await this.shipments.lock(sink.name);
      if (lock !== undefined) await this.shipAll(sink, lock, signal);
      this.pauses.delete(sink.name);
    } catch (error) {
      this.fail(sink, error);
    } finally {
      await lock?.release().catch((error: unknown) => this.fail(sink, error));
    }
    const lag = await this.shipments.lag(sink.name).catch(() => undefined);
    if (lag !== undefined) this.metrics.setAuditLag(sink.name, lag);
  }

  private async shipAll(sink: AuditSink, lock: ShipperLock, signal: AbortSignal): Promise<void> {
    const endMs = performance.now() + RUN_MS;
    while (!signal.aborted && performance.now() < endMs) {
      const entries = await this.shipments.undelivered(sink.name, sink.batchSize);
      if (entries.length === 0) return;
      await sink.send(entries, signal);
      await lock.advance(entries);
      this.metrics.countAuditShipment(sink.name, 'delivered');
    }
  }

  private fail({ name }: AuditSink, error: unknown): void {
    const failures = (this.pauses.get(name)?.failures ?? 0) + 1;
    const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** (failures - 1), LONGEST_PAUSE_MS);
    this.pauses.set(name, { failures, untilMs: performance.now() + pauseMs });
    this.metrics.countAuditShipment(name, 'failed');
    const reason = error instanceof Error ? error.message : String(error);
    this.log.warn(`Audit entries wait for ${name} (next attempt in ${pauseMs / 1000} s): ${reason}`);
  }
}
