import type { FastifyInstance, FastifyRequest } from 'fastify';
import { type ActiveRequest, RequestContext } from '../request-context/request-context.js';

const contexts = new WeakMap<FastifyRequest, ActiveRequest>();

/** What is recorded about this request; `undefined` before it reached the router. */
export function contextOf(request: FastifyRequest): ActiveRequest | undefined {
  return contexts.get(request);
}

/** Makes the facts about each request available to whatever runs on its behalf. */
export function addRequestContext(fastify: FastifyInstance): void {
  fastify.addHook('onRequest', (request, reply, done) => {
    const { id: requestId, method, ip: clientIp, headers } = request;
    const route = request.routeOptions.url ?? '';
    const userAgent = headers['user-agent'] ?? null;
    const statusCode = () => reply.statusCode;
    const context = { requestId, method, route, clientIp, userAgent, audited: 0, statusCode };
    contexts.set(request, context);
    RequestContext.run(context, done);
  });
  // Body parsers continue in the context of the socket.
  fastify.addHook('preValidation', (request, _reply, done) => {
    const context = contexts.get(request);
    if (context === undefined) done();
    else RequestContext.run(context, done);
  });
}
