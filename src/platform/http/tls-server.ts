import type { RequestListener, Server, ServerOptions as HttpServerOptions } from 'node:http';
import { createSecureServer } from 'node:http2';
import type { Server as HttpsServer } from 'node:https';
import type { TLSSocket } from 'node:tls';
import type { TlsConfig } from '../../config/tls.config.js';
import { followCertificate, readCertificate } from './tls-certificate.js';

const MAX_STREAMS_PER_SESSION = 128;

/** Options of `node:http` that the HTTP/1.1 side of the server knows as well. */
export type ServerOptions = HttpServerOptions;

/**
 * A server that speaks HTTP/2 and HTTP/1.1 over TLS, as the client chooses, with the certificate files of the
 * settings, which are read again when they change. It behaves as a `node:http` server towards its users.
 */
export function createTlsServer(tls: TlsConfig, options: ServerOptions, listener: RequestListener): Server {
  const server = createSecureServer(
    {
      ...options,
      ...readCertificate(tls),
      allowHTTP1: true,
      settings: { maxConcurrentStreams: MAX_STREAMS_PER_SESSION, enablePush: false },
    },
    // The compatibility interface of `node:http2` is that of `node:http` in all that is used here.
    listener as never,
  ) as unknown as HttpsServer;
  followCertificate(server, tls);
  const sockets = new Set<TLSSocket>();
  server.on('secureConnection', (socket: TLSSocket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.closeAllConnections = () => {
    for (const socket of sockets) socket.destroy();
  };
  return server;
}
