import { Injectable } from '@nestjs/common';
import { AppLogger } from './logger.js';

const SLOW_MS = 1000;
const CACHED_HITS_PER_LINE = 100;

/** One answered request. */
export interface AnsweredRequest {
  readonly requestId: string;
  readonly method: string;
  /** Route pattern, not the path: a path may carry secrets. */
  readonly route: string;
  readonly status: number;
  readonly durationMs: number;
  readonly clientIp: string;
  /** Answered from memory. Of these only one in a hundred is written, unless it failed or was slow. */
  readonly cached?: boolean;
}

/** Writes one line per request. */
@Injectable()
export class RequestLog {
  private cachedHits = 0;

  constructor(private readonly logger: AppLogger) {}

  /** Called when the answer has been sent. */
  record(request: AnsweredRequest): void {
    if (request.cached && request.status < 400 && request.durationMs < SLOW_MS) {
      this.cachedHits += 1;
      if (this.cachedHits % CACHED_HITS_PER_LINE !== 1) return;
    }
    const line = {
      message: 'request',
      request_id: request.requestId,
      method: request.method,
      route: request.route,
      status: request.status,
      duration_ms: Math.round(request.durationMs * 1000) / 1000,
      client_ip: request.clientIp,
      ...(request.cached && { cached: true }),
    };
    if (request.status >= 500) this.logger.error(line, 'Http');
    else this.logger.log(line, 'Http');
  }
}
