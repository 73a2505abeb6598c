import type { FastifyInstance } from 'fastify';
import type { RequestLog } from '../logging/request-log.hook.js';
import { type Metrics, UNKNOWN_ROUTE } from '../metrics/metrics.js';

/** Counts and logs every request that reached Fastify, by route pattern. */
export function addRequestMeter(fastify: FastifyInstance, metrics: Metrics, log: RequestLog): void {
  fastify.addHook('onResponse', (request, reply, done) => {
    const route = request.is404 ? UNKNOWN_ROUTE : (request.routeOptions.url ?? UNKNOWN_ROUTE);
    const durationMs = reply.elapsedTime;
    metrics.countRequest(request.method, route, reply.statusCode, durationMs / 1000);
    log.record({
      requestId: request.id,
      method: request.method,
      route,
      status: reply.statusCode,
      durationMs,
      clientIp: request.ip,
    });
    done();
  });
}
