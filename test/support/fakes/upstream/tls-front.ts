import { request as httpRequest } from 'node:http';
import { createServer, type Server, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';

/** A TLS server in front of an upstream without TLS, with the certificate and the versions that a test wants. */
export class TlsFront {
  /** Requests that came through. */
  requests = 0;

  private constructor(private readonly server: Server) {}

  /** Listens on `127.0.0.1` and hands everything to `origin`. */
  static async start(origin: string, options: ServerOptions): Promise<TlsFront> {
    const server = createServer(options);
    const front = new TlsFront(server);
    server.on('request', (incoming, response) => {
      front.requests += 1;
      const { method, url = '/', headers } = incoming;
      const onward = httpRequest(new URL(url, origin), { method, headers }, (answer) => {
        response.writeHead(answer.statusCode!, answer.headers);
        answer.pipe(response);
      });
      incoming.pipe(onward);
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    return front;
  }

  originFor(host: string): string {
    return `https://${host}:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((done) => this.server.close(done));
  }
}
