import { type BeforeApplicationShutdown, Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { AuditConfig } from '../config/audit.config.js';
import { Transactions } from '../platform/database/transactions.js';
import { contextOf } from '../platform/http/request-context.hook.js';
import type { ActiveRequest } from '../platform/request-context/request-context.js';
import { actorOf } from './audit-actor.js';
import { AuditLog } from './audit-log.service.js';
import { redact, storable } from './audit-redaction.js';
import { type AuditDraft, type AuditMetadata, chainOf } from './domain/audit-entry.js';

const FLUSH_EVERY_MS = 1_000;
const FLUSH_AT = 500;
const MAX_WAITING = 20_000;
/** Probes, descriptions and what downloads record by themselves. */
const UNRECORDED = /^\/(?:health|ready|version|api-docs|\.well-known)|\/download(?:\/|$)|^\/v1\/files\//;

type Respond = (request: object, reply: { statusCode: number }, done: () => void) => void;

interface HookedServer {
  addHook(name: 'onResponse', hook: Respond): void;
}

/**
 * Looks at every answered request of the router: reads and failures are recorded when the settings say so, off
 * the path of the request, and a change that left no record is an error in the log.
 */
@Injectable()
export class RequestRecorder implements OnModuleInit, BeforeApplicationShutdown {
  private readonly log = new Logger('Audit');
  private waiting: AuditDraft[] = [];
  private timer: NodeJS.Timeout | undefined;
  private flushing: Promise<void> = Promise.resolve();
  private lost = 0;

  constructor(
    private readonly host: HttpAdapterHost,
    private readonly config: AuditConfig,
    private readonly audit: AuditLog,
    private readonly transactions: Transactions,
  ) {}

  onModuleInit(): void {
    // Commands have no server.
    const server = this.host.httpAdapter?.getInstance<Partial<HookedServer> | undefined>();
    server?.addHook?.('onResponse', (request, { statusCode }, done) => {
      const active = contextOf(request as Parameters<typeof contextOf>[0]);
      if (active !== undefined) this.look(active, statusCode);
      done();
    });
  }

  /** Nothing that waits is lost when the server stops. */
  async beforeApplicationShutdown(): Promise<void> {
    clearTimeout(this.timer);
    await this.flush();
  }

  /** Writes what waits. What cannot be written now stays for the next time. */
  flush(): Promise<void> {
    this.flushing = this.flushing.then(async () => {
      clearTimeout(this.timer);
      this.timer = undefined;
      const drafts = this.waiting;
      if (drafts.length === 0) return;
      this.waiting = [];
      try {
        await this.transactions.run(async () => this.audit.append(drafts));
      } catch (error) {
        this.waiting = [...drafts, ...this.waiting].slice(0, MAX_WAITING);
        this.log.warn(`Records of requests wait: ${error instanceof Error ? error.message : String(error)}`);
      }
    });
    return this.flushing;
  }

  private look(active: ActiveRequest, status: number): void {
    if (status < 400 && active.mustAudit && active.audited === 0 && !active.hasNothingToAudit) {
      this.log.error(`${active.method} ${active.route} succeeded and left no audit record`);
    }
    if (!this.config.enabled || !this.isWanted(active, status)) return;
    if (this.waiting.length >= MAX_WAITING) return this.drop();
    this.waiting.push(draftOf(active, status));
    if (this.waiting.length >= FLUSH_AT) void this.flush();
    else this.timer ??= setTimeout(() => void this.flush(), FLUSH_EVERY_MS).unref();
  }

  private isWanted({ method, route }: ActiveRequest, status: number): boolean {
    if (UNRECORDED.test(route) && status < 400) return false;
    if (status >= 400) return this.config.logFailedRequests;
    return this.config.logReadOperations && route !== '' && (method === 'GET' || method === 'HEAD');
  }

  private drop(): void {
    this.lost += 1;
    if (this.lost % MAX_WAITING === 1)
      this.log.warn('More requests than can be recorded: some leave no record');
  }
}

function draftOf(active: ActiveRequest, status: number): AuditDraft {
  const { kind, id, userId, name, email, authMethod } = actorOf(active);
  const { principal } = active;
  const organizationId = principal?.kind === 'api-key' ? principal.organizationId : null;
  const metadata = redact({
    auth_method: authMethod,
    status_code: status,
    request_id: active.requestId,
    user_agent: active.userAgent ?? undefined,
  }) as AuditMetadata;
  return {
    chain: chainOf(organizationId),
    userId,
    userEmail: email === null ? null : storable(email),
    userName: name === null ? null : storable(name),
    actorKind: kind,
    actorId: id,
    organizationId,
    action: `${active.method} ${active.route === '' ? '(unknown path)' : active.route}`,
    resourceType: null,
    resourceId: null,
    metadata,
    ipAddress: active.clientIp,
  };
}
