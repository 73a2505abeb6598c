import { Injectable } from '@nestjs/common';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { ClientActivity } from './client-activity.js';
import { mirrorInstruments } from './mirror-instruments.js';
import { DURATION_BUCKETS, storageInstruments } from './storage-instruments.js';

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/** The `path` label of requests that match no route. */
export const UNKNOWN_ROUTE = 'unknown';

interface RequestMeter {
  readonly requests: { inc(): void };
  readonly duration: { observe(seconds: number): void };
}

/** How an outgoing request ended: `refused` by the egress guard, `failed` without a usable answer. */
export type OutboundOutcome = 'answered' | 'failed' | 'refused';

/** What a storage was asked to do. */
export type StorageOperation = 'put' | 'get' | 'stat' | 'delete' | 'list' | 'remove_unfinished';

/** How it ended, as the errors of the storage port sort failures. What the caller gave up is not counted. */
export type StorageOutcome = 'ok' | 'missing' | 'rejected' | 'unavailable';

/** What is known about the objects of one storage. */
export interface StorageHealth {
  readonly storage: string;
  readonly damaged: number;
  /** The longest time for which some object was not read. */
  readonly oldestSeconds: number;
}

/** What a mirror copies. */
export type MirrorType = 'provider' | 'module';

/** How long ago the last run of a mirror succeeded. */
export interface MirrorHealth {
  readonly mirrorId: string;
  readonly lastSuccessAgeSeconds: number;
}

/** The labels of the two download counters. */
export interface DownloadLabels {
  readonly module: Readonly<Record<'namespace' | 'system', string>>;
  readonly provider: Readonly<Record<'namespace' | 'type' | 'os' | 'arch', string>>;
}

/**
 * Every metric of the product, with its name. One instance and one registry per application, so that
 * applications in one process do not disturb each other. Served by `MetricsServer` on its own port.
 */
@Injectable()
export class Metrics {
  /** Whether somebody would notice that the process is busy. */
  readonly clients = new ClientActivity();
  private readonly meters = new Map<string, RequestMeter>();
  private readonly downloadMeters = new WeakMap<object, { inc(): void }>();
  private openConnections: () => number = () => 0;
  private storageHealth: () => Promise<readonly StorageHealth[]> = () => Promise.resolve([]);
  private mirrorHealth: () => Promise<readonly MirrorHealth[]> = () => Promise.resolve([]);

  private readonly requests = new Counter({
    name: 'http_requests_total',
    help: 'HTTP requests answered',
    labelNames: ['method', 'path', 'status'],
    registers: [this.registry],
  });

  private readonly durations = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Time from the request line to the end of the response, in seconds',
    labelNames: ['method', 'path'],
    buckets: DURATION_BUCKETS,
    registers: [this.registry],
  });

  private readonly downloads = {
    module: new Counter({
      name: 'module_downloads_total',
      help: 'Module downloads handed out',
      labelNames: ['namespace', 'system'],
      registers: [this.registry],
    }),
    provider: new Counter({
      name: 'provider_downloads_total',
      help: 'Provider downloads handed out',
      labelNames: ['namespace', 'type', 'os', 'arch'],
      registers: [this.registry],
    }),
  };

  private readonly outbound = new Counter({
    name: 'outbound_requests_total',
    help: 'Requests of this server to other servers',
    labelNames: ['purpose', 'outcome'],
    registers: [this.registry],
  });

  private readonly tokenExchanges = new Counter({
    name: 'token_exchanges_total',
    help: 'Exchanges of identity tokens of pipelines by outcome',
    labelNames: ['outcome'],
    registers: [this.registry],
  });

  private readonly expiryNotifications = new Counter({
    name: 'apikey_expiry_notifications_sent_total',
    help: 'Mails about expiring API keys that the mail server accepted',
    registers: [this.registry],
  });

  private readonly auditLag = new Gauge({
    name: 'audit_shipper_lag_entries',
    help: 'Audit entries that a shipper has yet to deliver',
    labelNames: ['shipper'],
    registers: [this.registry],
  });

  private readonly auditShipments = new Counter({
    name: 'audit_shipments_total',
    help: 'Batches of audit entries by shipper and outcome',
    labelNames: ['shipper', 'outcome'],
    registers: [this.registry],
  });

  private readonly storage = storageInstruments(this.registry);
  private readonly mirrors = mirrorInstruments(this.registry);

  constructor(private readonly registry: Registry) {
    const health = (): Promise<readonly StorageHealth[]> => this.storageHealth().catch(() => []);
    new Gauge({
      name: 'storage_damaged_objects',
      help: 'Stored objects whose bytes are known to be wrong or gone',
      labelNames: ['storage'],
      registers: [this.registry],
      async collect() {
        for (const { storage, damaged } of await health()) this.set({ storage }, damaged);
      },
    });
    new Gauge({
      name: 'storage_oldest_verification_age_seconds',
      help: 'The longest time for which some stored object was not read',
      labelNames: ['storage'],
      registers: [this.registry],
      async collect() {
        for (const { storage, oldestSeconds } of await health()) this.set({ storage }, oldestSeconds);
      },
    });
    const mirrors = (): Promise<readonly MirrorHealth[]> => this.mirrorHealth().catch(() => []);
    new Gauge({
      name: 'mirror_last_success_age_seconds',
      help: 'Time since the last run of a mirror that succeeded',
      labelNames: ['mirror_id'],
      registers: [this.registry],
      async collect() {
        this.reset();
        for (const one of await mirrors()) this.set({ mirror_id: one.mirrorId }, one.lastSuccessAgeSeconds);
      },
    });
    const connections = (): number => this.openConnections();
    new Gauge({
      name: 'db_open_connections',
      help: 'Open connections of the database pool of this process',
      registers: [this.registry],
      collect() {
        this.set(connections());
      },
    });
  }

  /** Counts one answered request. `path` is a route pattern or `UNKNOWN_ROUTE`, never a path of a client. */
  countRequest(method: string, path: string, status: number, seconds: number): void {
    const label = METHODS.has(method) ? method : 'OTHER';
    const key = `${label} ${status} ${path}`;
    let meter = this.meters.get(key);
    if (!meter) {
      meter = {
        requests: this.requests.labels(label, path, String(status)),
        duration: this.durations.labels(label, path),
      };
      this.meters.set(key, meter);
    }
    meter.requests.inc();
    meter.duration.observe(seconds);
    this.clients.note(path);
  }

  /** Counts one module or provider download; cheapest when the same `labels` object comes again. */
  countDownload<Kind extends keyof DownloadLabels>(kind: Kind, labels: DownloadLabels[Kind]): void {
    let meter = this.downloadMeters.get(labels);
    if (!meter) this.downloadMeters.set(labels, (meter = (this.downloads[kind] as Counter).labels(labels)));
    meter.inc();
  }

  /** Counts one outgoing request; `purpose` is a constant of the caller, never an address. */
  countOutbound(purpose: string, outcome: OutboundOutcome): void {
    this.outbound.inc({ purpose, outcome });
  }

  /** Counts one exchange of an identity token: `issued`, `failed`, or a constant that says why it was refused. */
  countTokenExchange(outcome: string): void {
    this.tokenExchanges.inc({ outcome });
  }

  /** Counts one mail about an expiring API key that was accepted. */
  countExpiryNotification(): void {
    this.expiryNotifications.inc();
  }

  /** Says how many audit entries a shipper has yet to deliver. */
  setAuditLag(shipper: string, entries: number): void {
    this.auditLag.labels(shipper).set(entries);
  }

  /** Counts one batch of audit entries that a shipper delivered, or failed to deliver. */
  countAuditShipment(shipper: string, outcome: 'delivered' | 'failed'): void {
    this.auditShipments.labels(shipper, outcome).inc();
  }

  /** Counts one operation on a storage. */
  observeStorage(
    driver: string,
    operation: StorageOperation,
    outcome: StorageOutcome,
    seconds: number,
  ): void {
    this.storage.durations.labels(driver, operation, outcome).observe(seconds);
  }

  /** Counts one more attempt of an operation on a storage. */
  countStorageRetry(driver: string, operation: StorageOperation): void {
    this.storage.retries.labels(driver, operation).inc();
  }

  /** A counter of the bytes that a storage gives or takes. */
  storageBytes(driver: string, direction: 'read' | 'written'): (bytes: number) => void {
    const meter = this.storage.bytes.labels(driver, direction);
    return (bytes) => meter.inc(bytes);
  }

  /** Counts the breaker of a storage in its new state; without a former state it is new, without a next one gone. */
  moveStorageBreaker(driver: string, from: string | undefined, to: string | undefined): void {
    if (from !== undefined) this.storage.breakers.labels(driver, from).dec();
    if (to !== undefined) this.storage.breakers.labels(driver, to).inc();
  }

  /** Counts one object that a storage migration worked on: `moved`, `gone`, `busy` or `failed`. */
  countMigratedObject(outcome: 'moved' | 'gone' | 'busy' | 'failed'): void {
    this.storage.migratedObjects.labels(outcome).inc();
  }

  /** Counts stored objects, and bytes of them, that were read again. `storage` is the name of a storage. */
  countScrubbed(storage: string, objects: number, bytes: number): void {
    this.storage.scrub.objects.inc({ storage }, objects);
    this.storage.scrub.bytes.inc({ storage }, bytes);
  }

  /** Counts one attempt to repair a damaged object; `outcome` is a constant. */
  countRepair(storage: string, outcome: string): void {
    this.storage.scrub.repairs.inc({ storage, outcome });
  }

  /** Says where the health of the storages is read whenever somebody looks at the metrics. */
  watchStorages(health: () => Promise<readonly StorageHealth[]>): void {
    this.storageHealth = health;
  }

  /** Counts one run of a mirror that ended. */
  observeMirrorSync(mirrorId: string, type: MirrorType, seconds: number, hasFailed: boolean): void {
    this.mirrors.durations.labels(mirrorId, type).observe(seconds);
    if (hasFailed) this.mirrors.errors.labels(mirrorId).inc();
  }

  /** Counts packages, and bytes of them, that a mirror stored. */
  countMirrored(mirrorId: string, type: MirrorType, packages: number, bytes: number): void {
    this.mirrors.packages.labels(mirrorId, type).inc(packages);
    this.mirrors.bytes.labels(mirrorId, type).inc(bytes);
  }

  /** Counts something that an upstream should not do; `kind` is a constant. */
  countMirrorAlert(kind: string): void {
    this.mirrors.alerts.labels(kind).inc();
  }

  /** Says where the health of the mirrors is read whenever somebody looks at the metrics. */
  watchMirrors(health: () => Promise<readonly MirrorHealth[]>): void {
    this.mirrorHealth = health;
  }

  /** Says where the number of open database connections is read whenever somebody looks at the metrics. */
  watchConnections(openConnections: () => number): void {
    this.openConnections = openConnections;
  }

  /** All metrics in the text format of Prometheus. */
  async render(): Promise<{ contentType: string; body: string }> {
    return { contentType: this.registry.contentType, body: await this.registry.metrics() };
  }
}
