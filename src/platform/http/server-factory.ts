import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { Http2Session } from 'node:http2';
import type { Socket } from 'node:net';
import type { ServerConfig } from '../../config/server.config.js';
import type { TlsConfig } from '../../config/tls.config.js';
import { ConnectionLimit } from './connection-limit.js';
import { awaitContinue } from './expect-continue.js';
import { hasTwoCredentials } from './request-edge.js';
import { createTlsServer, type ServerOptions } from './tls-server.js';

const KEEP_ALIVE_MS = 72_000;
const MAX_HEADER_BYTES = 16 * 1024;
const TIMEOUT_CHECK_MS = 5_000;

/** Answers ready documents ahead of the router; `false` leaves the request to it. */
export interface FirstAnswer {
  answer(request: IncomingMessage, response: ServerResponse): boolean;
}

/** What the server asks for every request, and what may change while it runs. */
export interface ServerState {
  /** Set when the application is there. */
  fastPath?: FirstAnswer;
  /** From then on connections are closed after their answer. */
  isDraining: boolean;
}

/**
 * Makes the HTTP server: `node:http`, or when TLS is terminated here HTTP/2 and HTTP/1.1 as the client chooses. Each
 * request goes to the fast path first, then to Fastify. Time limits: headers within the read timeout, a whole
 * request within the upload timeout, no pause in sending longer than the stream idle timeout. No address has more
 * connections than its limit.
 */
export function serverFactory(server: ServerConfig, tls: TlsConfig, state: ServerState) {
  return (handler: RequestListener): Server => {
    const options: ServerOptions = {
      headersTimeout: server.readTimeoutMs,
      requestTimeout: Math.max(server.uploadTimeoutMs, server.readTimeoutMs),
      connectionsCheckingInterval: TIMEOUT_CHECK_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      maxHeaderSize: MAX_HEADER_BYTES,
      insecureHTTPParser: false,
      // Checked at the edge instead, where the refusal gets a body and headers.
      requireHostHeader: false,
      noDelay: true,
    };
    const listener = requestListener(handler, state);
    const created = tls.enabled ? createTlsServer(tls, options, listener) : createServer(options, listener);
    created.on('checkContinue', (request, response) => {
      awaitContinue(request, response);
      listener(request, response);
    });
    created.setTimeout(server.streamIdleTimeoutMs, endStalled);
    new ConnectionLimit(server).guard(created);
    return created;
  };
}

function requestListener(handler: RequestListener, state: ServerState): RequestListener {
  return (request, response) => {
    if (state.isDraining) response.shouldKeepAlive = false;
    if (isOrdinary(request) && state.fastPath?.answer(request, response)) return;
    handler(request, response);
  };
}

/** Browsers of other origins and doubtful requests get their headers and refusals from the router. */
function isOrdinary(request: IncomingMessage): boolean {
  const { host, origin } = request.headers;
  const hasHost = host !== undefined || request.httpVersionMajor === 2;
  return hasHost && origin === undefined && !hasTwoCredentials(request);
}

/**
 * A peer that takes nothing of what waits to be sent is cut off; one that waits for an answer is not. A quiet
 * HTTP/2 session (it has no `writableLength`) ends as soon as its requests have.
 */
function endStalled(peer: Socket | Http2Session): void {
  if ('writableLength' in peer) {
    if (peer.writableLength > 0) peer.destroy();
  } else {
    peer.close();
  }
}
