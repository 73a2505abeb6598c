import type { FastifyInstance, FastifyReply, FastifyRequest, HookHandlerDoneFunction } from 'fastify';
import { isUpload, refusedUpload } from './accepts-upload.js';
import type { AllowedMethods } from './allowed-methods.js';
import type { CorsPolicy } from './cors.js';
import { drainRequest } from './drain-request.js';
import type { ErrorFilter } from './error.filter.js';
import { sendContinue } from './expect-continue.js';
import { keepAddresses } from './forwarded-addresses.js';
import { refusedAtEdge } from './request-edge.js';
import { addRequestContext } from './request-context.hook.js';
import type { HeaderSet } from './security-headers.js';
import type { ServerState } from './server-factory.js';

const LARGE_BODY_BYTES = 64 * 1024;

/** What the hooks need. */
export interface HookDependencies {
  readonly headers: HeaderSet;
  readonly cors: CorsPolicy;
  readonly errors: ErrorFilter;
  readonly allowed: AllowedMethods;
  readonly state: ServerState;
  readonly readTimeoutMs: number;
  readonly writeTimeoutMs: number;
}

/**
 * The hooks around every request: security headers, request id, CORS, the checks at the edge, time limits of
 * ordinary bodies, and `Cache-Control: no-store` for answers to requests with a credential.
 */
export function addRequestHooks(fastify: FastifyInstance, dependencies: HookDependencies): void {
  const { cors, readTimeoutMs, writeTimeoutMs } = dependencies;
  fastify.addHook('onRequest', (request, reply, done) => onRequest(request, reply, done, dependencies));
  addRequestContext(fastify);
  fastify.addHook('preParsing', (request, _reply, _payload, done) => {
    const refusal = hasBody(request) ? refusedUpload(request) : undefined;
    if (refusal === undefined) limitBodyTime(request, readTimeoutMs);
    done(refusal);
  });
  fastify.addHook('preValidation', (request, _reply, done) => {
    // A request without a body says what `{}` says; handlers need not tell the two apart.
    if (request.body === undefined && !isUpload(request)) request.body = {};
    done();
  });
  fastify.addHook('onSend', (request, reply, payload, done) => {
    addCacheHeaders(request, reply, cors);
    limitSendTime(reply, payload, writeTimeoutMs);
    done(null, payload);
  });
  fastify.addHook('onResponse', (request, _reply, done) => {
    drainRequest(request.raw);
    done();
  });
}

function onRequest(
  request: FastifyRequest,
  reply: FastifyReply,
  done: HookHandlerDoneFunction,
  { headers, cors, errors, allowed, state }: HookDependencies,
): void {
  keepAddresses(request.raw.headers);
  void reply.headers(headers).header('x-request-id', request.id);
  if (state.isDraining && request.raw.httpVersionMajor === 1) void reply.header('connection', 'close');
  const { origin } = request.headers;
  if (origin !== undefined) void reply.headers(cors.responseHeaders(origin));
  const refusal = refusedAtEdge(request.raw);
  if (refusal) {
    if (request.raw.httpVersionMajor === 1) void reply.header('connection', 'close');
    errors.answer(refusal, request, reply);
    return;
  }
  if (request.method === 'OPTIONS' && answerOptions(request, reply, cors, allowed)) return;
  // Before the body of a request that nobody wants is read.
  if (request.is404) answerUnknown(request, reply, errors, allowed);
  else done();
}

/** 405 with `Allow` where the path has other methods, 404 otherwise. */
export function answerUnknown(
  request: FastifyRequest,
  reply: FastifyReply,
  errors: ErrorFilter,
  allowed: AllowedMethods,
): void {
  const methods = allowed.of(request.raw.url ?? '/');
  if (methods.length === 0 || methods.includes(request.method)) {
    errors.answerStatus(404, request, reply);
    return;
  }
  void reply.header('allow', methods.join(', '));
  errors.answerStatus(405, request, reply);
}

/** A preflight request, or the question which methods a path has; `false` for an unknown path. */
function answerOptions(
  request: FastifyRequest,
  reply: FastifyReply,
  cors: CorsPolicy,
  allowed: AllowedMethods,
): boolean {
  const { origin } = request.headers;
  if (origin !== undefined && request.headers['access-control-request-method'] !== undefined) {
    void reply.code(204).headers(cors.preflightHeaders(origin)).send();
    return true;
  }
  const methods = allowed.of(request.raw.url ?? '/');
  if (methods.length === 0) return false;
  void reply.code(204).header('allow', methods.join(', ')).send();
  return true;
}

/** An ordinary body has the read timeout to arrive; an upload has its own limits. */
function limitBodyTime(request: FastifyRequest, timeoutMs: number): void {
  const { raw } = request;
  if (!hasBody(request) || isUpload(request)) return;
  sendContinue(raw);
  const timer = setTimeout(() => {
    if (raw.complete || raw.listenerCount('error') === 0) return;
    raw.emit('error', Object.assign(new Error('The body did not arrive in time'), { statusCode: 408 }));
    drainRequest(raw);
  }, timeoutMs);
  raw.once('end', () => clearTimeout(timer)).once('close', () => clearTimeout(timer));
}

function hasBody({ raw: { headers, httpVersionMajor, complete } }: FastifyRequest): boolean {
  const isAnnounced = headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined;
  return isAnnounced || (httpVersionMajor === 2 && !complete);
}

function addCacheHeaders(request: FastifyRequest, reply: FastifyReply, cors: CorsPolicy): void {
  const hasCredential = request.headers.authorization !== undefined || request.headers.cookie !== undefined;
  if (hasCredential && !reply.hasHeader('cache-control')) void reply.header('cache-control', 'no-store');
  if (cors.varies) addVary(reply, 'Origin');
}

function addVary(reply: FastifyReply, name: string): void {
  const vary = reply.getHeader('vary');
  void reply.header('vary', vary === undefined || vary === '' ? name : `${String(vary)}, ${name}`);
}

/** An ordinary answer has the write timeout to be taken; streams are limited by their pauses only. */
function limitSendTime(reply: FastifyReply, payload: unknown, timeoutMs: number): void {
  const size = typeof payload === 'string' || Buffer.isBuffer(payload) ? payload.length : 0;
  if (size < LARGE_BODY_BYTES) return;
  const timer = setTimeout(() => reply.raw.destroy(), timeoutMs);
  timer.unref();
  reply.raw.once('close', () => clearTimeout(timer));
}
