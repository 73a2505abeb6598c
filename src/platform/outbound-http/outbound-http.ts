import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { setTimeout as wait } from 'node:timers/promises';
import { fetch as undiciFetch, type RequestInit as UndiciInit } from 'undici';
import { EgressConfig } from '../../config/egress.config.js';
import { Transactions } from '../database/transactions.js';
import { Metrics, type OutboundOutcome } from '../metrics/metrics.js';
import { type BodyWatch, cappedBody } from './capped-body.js';
import { EgressGuard } from './egress-guard.js';
import { GuardedDispatcher } from './guarded-dispatcher.js';
import { EgressRefused, OutboundFailed } from './outbound-http.errors.js';
import type { FetchLike, OutboundRequest } from './outbound-request.js';
import { nextHop, type OutboundHop } from './redirects.js';

const RETRY_PAUSE_MS = 200;
const RETRIED_STATUS: ReadonlySet<number> = new Set([502, 503, 504]);
const WITHOUT_BODY: ReadonlySet<number> = new Set([204, 205, 304]);

/**
 * The only way out: every outgoing request of the server goes through one guarded dispatcher (threat I8), has a
 * time limit and a size limit, and follows redirects by itself with a check at every hop.
 */
@Injectable()
export class OutboundHttp implements OnApplicationShutdown {
  private readonly logger = new Logger('OutboundHttp');
  private readonly dispatcher: GuardedDispatcher;

  constructor(
    guard: EgressGuard,
    private readonly config: EgressConfig,
    private readonly metrics: Metrics,
  ) {
    this.dispatcher = new GuardedDispatcher(guard, config);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.dispatcher.close();
  }

  /**
   * Sends one request and gives the answer, whatever its status; the body is read by the caller and fails when
   * it is larger than `maxBytes`. Throws `EgressRefused` for a target that may not be reached and
   * `OutboundFailed` when nothing usable came back. Refuses to work inside a database transaction.
   */
  async fetch(url: string | URL, request: OutboundRequest = {}): Promise<Response> {
    Transactions.assertNone('outgoing HTTP');
    const target = new URL(url);
    const purpose = request.purpose ?? 'other';
    try {
      const response = await this.send(target, request);
      this.note(purpose, target, response.status < 500 ? 'answered' : 'failed', response.status);
      return response;
    } catch (error) {
      this.note(purpose, target, error instanceof EgressRefused ? 'refused' : 'failed');
      throw error;
    }
  }

  /** `fetch` for a library (openid-client, jose); its requests are counted under `purpose`. */
  fetchFor(purpose: string, defaults: Omit<OutboundRequest, 'purpose'> = {}): FetchLike {
    return (input, init = {}) => {
      const url = input instanceof Request ? input.url : input;
      const { method, headers, body, signal, redirect } = init;
      return this.fetch(url, {
        ...defaults,
        purpose,
        method: method ?? 'GET',
        headers: headers ?? {},
        body: (body ?? null) as NonNullable<OutboundRequest['body']> | null,
        signal: signal ?? null,
        redirect: redirect ?? 'follow',
      });
    };
  }

  private async send(target: URL, request: OutboundRequest): Promise<Response> {
    const deadline = new AbortController();
    const timer = setTimeout(() => deadline.abort(), request.timeoutMs ?? this.config.timeoutMs).unref();
    const signals = [deadline.signal, ...(request.signal ? [request.signal] : [])];
    const first: OutboundHop = {
      url: target,
      method: (request.method ?? 'GET').toUpperCase(),
      headers: new Headers(request.headers),
      body: request.body ?? null,
    };
    const failure = (error: unknown): unknown => {
      clearTimeout(timer);
      return deadline.signal.aborted ? OutboundFailed.tooLate(target.hostname) : error;
    };
    try {
      const response = await this.follow(first, request, AbortSignal.any(signals));
      return this.limited(response, target, request, { end: () => clearTimeout(timer), failure });
    } catch (error) {
      throw failure(error);
    }
  }

  private async follow(first: OutboundHop, request: OutboundRequest, signal: AbortSignal): Promise<Response> {
    let hop = first;
    for (let hops = 0; ; hops += 1) {
      const response = await this.sendOnce(hop, request.retries ?? 1, signal);
      const next = request.redirect === 'manual' ? undefined : nextHop(hop, response);
      if (next === undefined) return response;
      await response.body?.cancel();
      if (request.redirect === 'error') throw OutboundFailed.redirected(hop.url.hostname, 'none is expected');
      if (hops >= (request.maxRedirects ?? 5)) {
        throw OutboundFailed.redirected(first.url.hostname, 'there are too many');
      }
      hop = next;
    }
  }

  private async sendOnce(hop: OutboundHop, retries: number, signal: AbortSignal): Promise<Response> {
    const mayRetry = hop.method === 'GET' || hop.method === 'HEAD';
    for (let attempt = 0; ; attempt += 1) {
      const isLast = !mayRetry || attempt >= retries || signal.aborted;
      try {
        const response = await this.sendTo(hop, signal);
        if (isLast || !RETRIED_STATUS.has(response.status)) return response;
        await response.body?.cancel();
      } catch (error) {
        if (isLast || error instanceof EgressRefused) throw error;
      }
      await wait(RETRY_PAUSE_MS * 2 ** attempt, undefined, { signal }).catch(() => undefined);
    }
  }

  private async sendTo({ url, method, headers, body }: OutboundHop, signal: AbortSignal): Promise<Response> {
    const dispatcher = await this.dispatcher.dispatcherFor(url);
    const init = { method, headers, body, signal, dispatcher, redirect: 'manual' };
    try {
      return (await undiciFetch(url, init as unknown as UndiciInit)) as unknown as Response;
    } catch (error) {
      const { cause } = error as Error;
      if (cause instanceof EgressRefused) throw cause;
      throw OutboundFailed.unreachable(url.hostname, cause ?? error);
    }
  }

  private limited(response: Response, target: URL, request: OutboundRequest, watch: BodyWatch): Response {
    const { status, statusText, headers, body } = response;
    if (body === null || WITHOUT_BODY.has(status)) {
      watch.end();
      return new Response(null, { status, statusText, headers });
    }
    const maxBytes = request.maxBytes ?? this.config.maxResponseBytes;
    const tooLarge = (): OutboundFailed => OutboundFailed.tooLarge(target.hostname, maxBytes);
    const capped = cappedBody(body as ReadableStream<Uint8Array>, { maxBytes, tooLarge, ...watch });
    return new Response(capped, { status, statusText, headers });
  }

  /** Neither path nor query are written: both may carry what is secret. */
  private note(purpose: string, target: URL, outcome: OutboundOutcome, status?: number): void {
    this.metrics.countOutbound(purpose, outcome);
    const answer = status === undefined ? outcome : `${outcome} with ${status}`;
    const line = `${purpose}: ${target.host} ${answer}`;
    if (outcome === 'answered') this.logger.debug(line);
    else this.logger.warn(line);
  }
}
